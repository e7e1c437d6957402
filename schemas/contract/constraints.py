"""The constraints that Avro cannot express, each as a function that says what is wrong, or nothing.

The values they see are JSON's: text, whole numbers, decimals, lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from avrogate.errors import InvalidEvent
from schemas.contract.formats import FORMATS

Check = Callable[[Any], str | None]
REASON = "out-of-bounds"


def _min_length(limit: int) -> Check:
    return lambda text: f"{len(text)} characters, at least {limit} needed" if len(text) < limit else None


def _max_length(limit: int) -> Check:
    return lambda text: f"{len(text)} characters, at most {limit} allowed" if len(text) > limit else None


def _pattern(pattern: str) -> Check:
    search = re.compile(pattern).search
    return lambda text: None if search(text) else f"does not match the pattern {pattern}"


def _format(name: str) -> Check:
    matches = FORMATS[name]
    return lambda text: None if matches(text) else f"is not of the format {name}"


def _one_of(values: list[int]) -> Check:
    allowed = ", ".join(map(str, values))
    return lambda number: None if number in values else f"{number} is not one of {allowed}"


def _minimum(limit: Decimal | int) -> Check:
    return lambda number: f"{number} is less than {limit}" if number < limit else None


def _maximum(limit: Decimal | int) -> Check:
    return lambda number: f"{number} is more than {limit}" if number > limit else None


def _above(limit: Decimal | int) -> Check:
    return lambda number: f"{number} is not more than {limit}" if number <= limit else None


def _below(limit: Decimal | int) -> Check:
    return lambda number: f"{number} is not less than {limit}" if number >= limit else None


def _multiple_of(divisor: Decimal | int) -> Check:
    exact = Fraction(divisor)  # a Decimal's % gives up when the quotient has more digits than its context
    return lambda number: (
        f"{number} is not a multiple of {divisor}" if (Fraction(number) / exact).denominator != 1 else None
    )


def _min_items(limit: int) -> Check:
    return lambda items: f"{len(items)} items, at least {limit} needed" if len(items) < limit else None


def _max_items(limit: int) -> Check:
    return lambda items: f"{len(items)} items, at most {limit} allowed" if len(items) > limit else None


def _unique(wanted: bool) -> Check:
    def check(items: list[Any]) -> str | None:
        seen = [item for index, item in enumerate(items) if item in items[:index]]  # a type's own ==: no 1 is True
        return f"{seen[0]!r} is there twice" if wanted and seen else None

    return check


TEXT: dict[str, Callable[[Any], Check]] = {
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "format": _format,
}
NUMBER: dict[str, Callable[[Any], Check]] = {
    "minimum": _minimum,
    "maximum": _maximum,
    "exclusiveMinimum": _above,
    "exclusiveMaximum": _below,
    "multipleOf": _multiple_of,
    "enum": _one_of,
}
ARRAY: dict[str, Callable[[Any], Check]] = {
    "minItems": _min_items,
    "maxItems": _max_items,
    "uniqueItems": _unique,
}
ALL = TEXT | NUMBER | ARRAY
# what is enforced for each type of JSON Schema
ENFORCED = {"string": TEXT, "integer": NUMBER, "number": NUMBER, "array": ARRAY}


class Bounds:
    """The constraints that apply to one value: each a limit and a check, by keyword."""

    def __init__(self, limits: Mapping[str, Any], checks: Mapping[str, Check]) -> None:
        self.limits = limits
        self.checks = checks
        self._in_turn = tuple(checks.values())

    def __call__(self, value: Any) -> None:
        """Raise InvalidEvent (`out-of-bounds`) for the first constraint that does not hold."""
        for check in self._in_turn:
            message = check(value)
            if message is not None:
                raise InvalidEvent(message, reason=REASON)

    def only(self, keywords: Collection[str]) -> Bounds:
        """Those of them that are named."""
        return Bounds(
            {keyword: limit for keyword, limit in self.limits.items() if keyword in keywords},
            {keyword: check for keyword, check in self.checks.items() if keyword in keywords},
        )


def compile_checks(contract: Mapping[str, Any], kinds: dict[str, Callable[[Any], Check]]) -> Bounds:
    """The constraints of `contract` that apply to one kind of value."""
    limits = {name: _exact(limit) for name, limit in contract.items() if name in kinds}
    return Bounds(limits, {name: kinds[name](limit) for name, limit in limits.items()})


def _exact(limit: Any) -> Any:
    return Decimal(repr(limit)) if isinstance(limit, float) else limit
