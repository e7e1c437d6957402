"""Avro binary that the specification does not allow, though fastavro reads it.

fastavro takes the last symbol for the enum index -1 and the last branch for the union index -1 (Python's lists do),
drops what a number has beyond 64 bits, takes any byte but 0 for true, and never looks at the size of a block. All
of it is read as some plausible record, and no other reader need see the same one.

So a record that fastavro has read is walked once more, without making values: `compile_walk` writes out one Python
function for a schema, as a call for each value would cost more than fastavro's reading. What fastavro does refuse
(lengths, UTF-8, an index past the end) is not looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Walk = Callable[[bytes, int], int]
Lines = Iterator[str]
FIXED = {"null": 0, "float": 4, "double": 8}


def compile_walk(schema: Any) -> Walk:
    """What walks over one value of an Avro schema (references written out) from a place and gives the next place.

    It takes bytes that fastavro has read with this schema. Raises ValueError (or IndexError, where numbers lead it
    past the end) if they are not what the specification allows.
    """
    return _Compiler().function(schema, "")


class _Compiler:
    def __init__(self) -> None:
        self._named: dict[str, Any] = {}
        self._made: dict[str, Any] = {"number": _number, "small": _small, "length": _length, "blocks": _blocks}

    def function(self, schema: Any, space: str) -> Walk:
        lines = [f"    {line}" for line in self._value(schema, space)]
        scope = dict(self._made)
        exec("\n".join(["def walk(b, i):", *lines, "    return i"]), scope)  # the text holds no name of a schema
        walk: Walk = scope["walk"]
        return walk

    def _value(self, schema: Any, space: str) -> Lines:
        if isinstance(schema, list):
            yield from self._union(schema, space)
            return
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(schema, dict) and "name" in schema:
            space = schema.get("namespace", space)
            self._named[_full(schema["name"], space)] = (schema, space)
        match kind:
            case "long":
                yield from ("s = i", "while b[i] > 127: i += 1", "i += 1", "if i - s > 9: number(b, s)")
            case "int":
                yield "i = small(b, i)"
            case "string" | "bytes":
                yield "i = i + 1 + (b[i] >> 1) if b[i] < 128 else length(b, i)"
            case "enum":
                yield from _index()
            case "boolean":
                yield from ("if b[i] > 1: raise ValueError(f'boolean {b[i]}')", "i += 1")
            case "record":
                for field in schema["fields"]:
                    yield from self._value(field["type"], space)
            case "array" | "map":
                yield f"i = blocks(b, i, {self._item(schema, space)})"
            case "null" | "float" | "double" | "fixed":
                yield f"i += {schema['size'] if kind == 'fixed' else FIXED[kind]}"
            case dict() | list():
                yield from self._value(kind, space)
            case _:
                yield from self._value(*self._named[_full(kind, space)])

    def _item(self, schema: Any, space: str) -> str:
        """The name of a function of its own, for what comes any number of times."""
        key: tuple[str, ...] = ("string",) if schema["type"] == "map" else ()
        content = schema["values" if key else "items"]
        fields = [{"type": kind} for kind in (*key, content)]
        walk = self.function({"type": "record", "fields": fields}, space)
        name = f"item_{len(self._made)}"
        self._made[name] = walk
        return name

    def _union(self, branches: list[Any], space: str) -> Lines:
        yield from _index()
        for index, branch in enumerate(branches):
            yield f"{'if' if index == 0 else 'elif'} n == {2 * index}:"
            yield from (f"    {line}" for line in (*self._value(branch, space), "pass"))


def _index() -> Lines:
    """Leaves twice the index in `n`."""
    yield from ("n = b[i]", "i += 1", "if n > 127:", "    n, i = number(b, i - 1)", "    n *= 2")
    yield from ("elif n & 1:", "    n = -1", "if n < 0: raise ValueError('a negative index')")


def _full(name: str, space: str) -> str:
    return name if "." in name or not space else f"{space}.{name}"


def _number(b: bytes, i: int) -> tuple[int, int]:
    """A number of 64 bits in ten bytes at most, and the next place."""
    found = shift = 0
    while True:
        byte = b[i]
        i += 1
        found |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than ten bytes")
    if found >> 64:
        raise ValueError("a number of more than 64 bits")
    return (found >> 1) ^ -(found & 1), i


def _small(b: bytes, i: int) -> int:
    found, i = _number(b, i)
    if not -(2**31) <= found < 2**31:
        raise ValueError(f"{found} in an int, which has 32 bits")
    return i


def _length(b: bytes, i: int) -> int:
    found, i = _number(b, i)
    return i + found


def _blocks(b: bytes, i: int, item: Walk) -> int:
    while True:
        count, i = _number(b, i)
        if count == 0:
            return i
        end = None
        if count < 0:
            size, i = _number(b, i)
            count, end = -count, i + size
        for _ in range(count):
            i = item(b, i)
        if end is not None and i != end:
            raise ValueError("a block of another size than it says")
