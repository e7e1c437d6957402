"""Python functions that are written for one schema: its text, and what its names stand for.

The text holds no name and no value of a schema. They are constants in the functions' scope.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Lines = Iterator[str]
INDENT = "    "
# what the lines raise at a doubt, by `raise Doubt` or by an operation in them
DOUBTS = (LookupError, ValueError, ArithmeticError, TypeError, AttributeError)
# levels of a schema, and times that one part of it is written out in place; beyond it has a function of its own.
# A schema may name one part often, and Python nests twenty loops at most
NESTED, TIMES = 4, 2


class Code:
    """Functions of one argument that share one scope, and what they may call: `helpers`, by name."""

    def __init__(self, **helpers: Any) -> None:
        self._scope: dict[str, Any] = {"DOUBTS": DOUBTS, "Doubt": ValueError, **helpers}
        self._names = 0
        self._times: Counter[int] = Counter()
        self._functions: dict[int, str] = {}

    def constant(self, value: Any) -> str:
        """A name that stands for a value in every function."""
        name = self.name("C")
        self._scope[name] = value
        return name

    def name(self, kind: str = "v") -> str:
        """A name that nothing else has."""
        self._names += 1
        return f"{kind}{self._names}"

    def function(self, lines: Iterable[str]) -> str:
        """The name of a new function of `x` with this body."""
        name = self.name("f")
        exec("\n".join([f"def {name}(x):", *indented(lines)]), self._scope)
        return name

    def answer(self, lines: Iterable[str]) -> Callable[[Any], Any]:
        """A function of `x` with this body that gives None at a doubt."""
        answer: Callable[[Any], Any] = self._scope[
            self.function(["try:", *indented(lines), "except DOUBTS:", "    return None"])
        ]
        return answer

    def in_place(self, part: object, level: int) -> bool:
        """Whether the lines for a part of the schema are to be written out here (once more)."""
        self._times[id(part)] += 1
        return level < NESTED and self._times[id(part)] <= TIMES

    def function_of(self, part: object, lines: Callable[[], Iterable[str]]) -> str:
        """The name of the function for a part of the schema, which is made when it is first asked for."""
        if id(part) not in self._functions:
            self._functions[id(part)] = self.function([*lines()])
        return self._functions[id(part)]


def doubt_if(*conditions: str) -> Lines:
    """The line that raises if one of the conditions holds; none if there is none."""
    if conditions:
        yield f"if {' or '.join(conditions)}: raise Doubt"


def indented(lines: Iterable[str]) -> Lines:
    """The lines one level further in."""
    return (INDENT + line for line in lines)
