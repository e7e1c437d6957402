"""Python functions that are written for one schema: its text, and what its names stand for.

The text holds no name and no value of a schema. They are constants in the function's scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Lines = Iterator[str]
INDENT = "    "


class Code:
    """Functions that share one scope, and what they may call: `helpers`, by name."""

    def __init__(self, **helpers: Any) -> None:
        self._scope: dict[str, Any] = dict(helpers)
        self._names = 0

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

    def __getitem__(self, name: str) -> Callable[[Any], Any]:
        function: Callable[[Any], Any] = self._scope[name]
        return function


def indented(lines: Iterable[str]) -> Lines:
    """The lines one level further in."""
    return (INDENT + line for line in lines)
