"""What holds straight-line code to what it stands for.

Schemas, values that are changed at each of their places in turn, and all that can be told of what becomes of them.
"""

from __future__ import annotations

import os
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import IntEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from avrogate.errors import InvalidEvent
from schemas.catalog import load_catalog
from schemas.derive import derive
from schemas.versions import SchemaVersion

HERE = Path(__file__).parent
DRAFTS = HERE.parent / "tests" / "unit" / "schemas" / "three_drafts"
FILES = sorted([*DRAFTS.glob("*.json"), *(HERE / "verdicts").glob("*.json")])
# every version in the catalog, the three drafts of one event, and what no event needs yet
SCHEMAS: dict[str, SchemaVersion | Path] = {str(version): version for version in load_catalog().versions} | {
    f"{file.parent.name}/{file.stem}": file for file in FILES
}
EXAMPLES = 50 if os.environ.get("AVROGATE_HYPOTHESIS") == "full" else 2  # of each schema
CHANGES = 250  # of each example, at least
# what is raised for a value that is nothing of JSON's or Avro's
ODD = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError, struct.error)


@cache
def schema_of(name: str) -> dict[str, Any]:
    """The Avro schema of one of SCHEMAS, references written out."""
    source = SCHEMAS[name]
    return derive(source).schema if isinstance(source, Path) else source.resolved


def seen(value: Any) -> Any:
    """All that can be told of a value: types, the order of keys, exponents."""
    match value:
        case dict():
            return type(value), [(seen(key), seen(item)) for key, item in value.items()]
        case list() | tuple():
            return type(value), [seen(item) for item in value]
        case _:
            return type(value), repr(value)


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """All that can be told of what a function gives or raises."""
    try:
        return seen(function(*arguments))
    except InvalidEvent as error:
        return type(error), error.reason, error.field, error.message, error.bare
    except ODD as error:
        return type(error), str(error)


class Text(str):
    """No plain str."""


class One(IntEnum):
    """No plain int."""

    ONE = 1


# what stands in the place of any value, plain or not
STRANGERS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**63 - 1, 2**63, -(2**63) - 1, 2**63 // 1000, 10**400),
    *(0.0, -0.0, 0.1, 1.5, 1e300, float("nan"), float("inf"), One.ONE),
    *map(Decimal, ("0", "-0.0", "1.00", "0.125", "1.005", "-7", "1E+2", "1E-9999", "1E+999999", "NaN", "sNaN")),
    *map(Decimal, ("Infinity", "9999999999999999.99", "9999999999999999.995", "0." + "0" * 40 + "1")),
    *("", "a", "é", "\ud800", "a\udfff", "x" * 51, "x" * 300, "AP8=", "A", "2025-01-31T12:00:00Z", Text("a")),
    *([], [1], [1, 1], ["a", "a"], [None], [[]], ("a",), {}, {"a": 1}, {1: 1}, {"\ud800": 1}, b"", b"a", object()),
)


def variants(value: Any) -> Iterator[Any]:
    """The value with one thing in it changed, at each of its places in turn."""
    yield from STRANGERS
    yield from _alike(value)
    match value:
        case dict():
            yield from _of_dict(value)
        case list():
            yield from (value[:-1], value + value[-1:], value[::-1], value * 40)
            for index, item in enumerate(value):
                yield from ([*value[:index], one, *value[index + 1 :]] for one in variants(item))


def _of_dict(value: dict[Any, Any]) -> Iterator[Any]:
    yield {**value, "stray": 1}
    yield {**value, 7: 1}
    yield dict(reversed(value.items()))
    for name, item in value.items():
        rest = {other: content for other, content in value.items() if other != name}
        yield rest
        yield {**rest, "stray": item}
        yield {Text(other) if other == name else other: content for other, content in value.items()}
        yield from ({**value, name: one} for one in variants(item))


def _alike(value: Any) -> Iterator[Any]:
    """Values that mean the same, nearly the same, or look the same."""
    match value:
        case bool():
            yield int(value)
        case int():
            yield from (Decimal(value), Decimal(f"{value}.0"), float(value), str(value), value + 1, value - 1)
            yield from (value * 1000, value // 1000, -value)
        case Decimal():
            yield from (float(value), str(value), value.normalize(), Decimal(f"{value:f}0"), value / 10, value * 1000)
            yield from (int(value), -value, value + Decimal("0.001"), value.scaleb(30))
        case float():
            yield from (Decimal(repr(value)), value + 1, -value, int(value))
        case str():
            yield from (
                value + "x",
                value[:-1],
                value.upper(),
                value.replace("-", "_"),
                value + "\ud800",
                Text(value),
            )
            yield from (value.encode(errors="replace"), value * 2)
        case dict():
            yield from (MappingProxyType(value), OrderedDict(value), list(value), list(value.items()))
        case list():
            yield from (tuple(value), dict.fromkeys(map(str, value)))
