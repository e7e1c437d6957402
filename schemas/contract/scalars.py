"""How each scalar type stands in a JSON event and in a record, and what may be wrong with it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Protocol

from avrogate.errors import InvalidEvent
from schemas.contract.constraints import Bounds

Dropped = list[str] | None
LONG = range(-(2**63), 2**63)
WRONG_TYPE, OUT_OF_RANGE = "wrong-type", "out-of-range"
HUGE = 1000  # bits
EXACT = Context(prec=1000, rounding=ROUND_HALF_EVEN)  # Python's own context rounds at 28 digits


class Value(Protocol):
    """One type of value.

    `dropped` collects the dotted paths of unknown fields, without the places in arrays and maps on the way;
    None means that they are refused.
    """

    def from_json(self, value: Any, dropped: Dropped) -> Any:
        """The record's value for a JSON value. Raises InvalidEvent if the contract does not allow it."""

    def check(self, value: Any) -> None:
        """Raise InvalidEvent if a value that is in a record already breaks the contract's bounds."""

    def to_json(self, value: Any) -> Any:
        """The JSON value for a record's value."""


def wrong_type(value: Any, wanted: str) -> InvalidEvent:
    """The error for a value of another type, which it names in JSON's words."""
    return InvalidEvent(f"{describe(value)} is not {wanted}", reason=WRONG_TYPE)


def describe(value: Any) -> str:
    """A JSON value as a message shows it: short, in JSON's words."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, int) and value.bit_length() > HUGE:  # Python refuses to write it out
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, int) and abs(value) >= 10**60:
        return "a number of more than 60 digits"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def check_unicode(value: str) -> None:
    """Raise InvalidEvent (`invalid-text`) for text that has no UTF-8."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidEvent("holds half of a surrogate pair", reason="invalid-text") from error


@dataclass(frozen=True)
class Text:
    """A string, which must be valid Unicode: JSON allows a lone surrogate, Avro's UTF-8 does not."""

    bounds: Bounds

    def from_json(self, value: Any, dropped: Dropped) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, "a string")
        check_unicode(value)
        self.bounds(value)
        return value

    def check(self, value: str) -> None:
        self.bounds(value)

    def to_json(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Binary:
    """Bytes, base64 text in JSON (RFC 4648)."""

    def from_json(self, value: Any, dropped: Dropped) -> bytes:
        if not isinstance(value, str):
            raise wrong_type(value, "base64 text")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidEvent("is not base64 text", reason="not-base64") from error

    def check(self, value: bytes) -> None:
        pass

    def to_json(self, value: bytes) -> str:
        return base64.b64encode(value).decode()


@dataclass(frozen=True)
class Whole:
    """A whole number of 64 bits. `factor` is how many of the record's units make one of JSON's."""

    bounds: Bounds
    factor: int = 1

    def from_json(self, value: Any, dropped: Dropped) -> int:
        if type(value) is not int:
            raise wrong_type(value, "a whole number")
        scaled = value * self.factor
        if scaled not in LONG:
            raise InvalidEvent(f"{describe(value)} does not fit into 64 bits", reason=OUT_OF_RANGE)
        self.bounds(value)
        return scaled

    def check(self, value: int) -> None:
        if self.factor != 1 and value % self.factor:
            raise InvalidEvent(f"{value} ms is not a whole number of seconds", reason="out-of-bounds")
        self.bounds(value // self.factor)

    def to_json(self, value: int) -> int:
        return value // self.factor


@dataclass(frozen=True)
class Money:
    """A decimal(precision, scale). More places than the scale are refused, or rounded half-even."""

    bounds: Bounds
    precision: int
    scale: int
    rounds: bool = False

    def from_json(self, value: Any, dropped: Dropped) -> Decimal:
        number = _number(value)
        exact = self._fit(number)
        if exact and exact.adjusted() >= self.precision - self.scale:
            digits = self.precision - self.scale
            raise InvalidEvent(f"more than {digits} digits before the point", reason=OUT_OF_RANGE)
        self.bounds(number)
        return exact

    def check(self, value: Decimal) -> None:
        if value and value.adjusted() >= self.precision - self.scale:
            raise InvalidEvent(f"more than {self.precision} digits", reason=OUT_OF_RANGE)
        self.bounds(value)

    def to_json(self, value: Decimal) -> Decimal:
        return value

    def _fit(self, number: Decimal) -> Decimal:
        digits, exponent = number.as_tuple().digits, int(number.as_tuple().exponent)
        if number and number.adjusted() >= self.precision - self.scale:
            return number
        if -exponent <= self.scale:
            return number.quantize(Decimal(1).scaleb(-self.scale), context=EXACT)
        surplus = -exponent - self.scale
        if self.rounds or not any(digits[-surplus:]):
            return number.quantize(Decimal(1).scaleb(-self.scale), context=EXACT)
        zeros = next(count for count, digit in enumerate(reversed(digits)) if digit)
        places = -exponent - zeros
        raise InvalidEvent(
            f"{describe(number)} has {places} decimal places, the contract allows {self.scale}",
            reason="too-many-decimals",
        )


@dataclass(frozen=True)
class Double:
    """A binary floating-point number of 64 bits."""

    bounds: Bounds

    def from_json(self, value: Any, dropped: Dropped) -> float:
        number = _number(value)
        result = float(number)
        if result in (float("inf"), float("-inf")):
            raise InvalidEvent(f"{describe(value)} does not fit into 64 bits", reason=OUT_OF_RANGE)
        self.bounds(number)
        return result

    def check(self, value: float) -> None:
        if value != value or value in (float("inf"), float("-inf")):
            raise InvalidEvent(f"{value} is not a number in JSON", reason=WRONG_TYPE)
        self.bounds(Decimal(repr(value)))

    def to_json(self, value: float) -> Decimal:
        return Decimal(repr(value))


@dataclass(frozen=True)
class Truth:
    """A boolean."""

    def from_json(self, value: Any, dropped: Dropped) -> bool:
        if not isinstance(value, bool):
            raise wrong_type(value, "true or false")
        return value

    def check(self, value: bool) -> None:
        pass

    def to_json(self, value: bool) -> bool:
        return value


@dataclass(frozen=True)
class Symbol:
    """One of a list of texts; `texts` maps the Avro symbol to the JSON text."""

    texts: dict[str, str]

    def from_json(self, value: Any, dropped: Dropped) -> str:
        for symbol, text in self.texts.items():
            if value == text:
                return symbol
        allowed = ", ".join(f'"{text}"' for text in self.texts.values())
        raise InvalidEvent(f"{describe(value)} is not one of {allowed}", reason="not-in-enum")

    def check(self, value: str) -> None:
        pass

    def to_json(self, value: str) -> str:
        return self.texts[value]


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        raise wrong_type(value, "a number")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise InvalidEvent(f"{number} is not a number in JSON", reason="not-a-number")
    return number
