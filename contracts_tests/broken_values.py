"""Every small way in which a value can be another one: what a compiled contract must see as the objects do."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from decimal import Decimal
from enum import IntEnum
from types import MappingProxyType
from typing import Any


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
