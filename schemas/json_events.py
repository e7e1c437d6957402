"""JSON events as text, read strictly and written exactly.

Python's `json` takes a key that is there twice, NaN, and numbers that lose digits in a float. None of these may
get into an event, not even inside a field that is dropped later, so they are refused while the text is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

from avrogate.errors import InvalidEvent

NOT_JSON, WRONG_TYPE = "not-json", "wrong-type"
BRACKET = ord("[")


def parse_event(text: str | bytes) -> dict[str, Any]:
    """The JSON object in `text`, which is UTF-8 if it is bytes.

    Whole numbers become int, those with a fraction or an exponent Decimal: exact, digit by digit.

    Raises InvalidEvent, and nothing else, if it is not one JSON object (`not-json`, `wrong-type`, `too-deep`),
    or naming the field: a key that is there twice (`duplicate-key`), NaN or Infinity (`not-a-number`), a number
    beyond what can be held (`out-of-range`).
    """
    try:
        event = _QUICK(text)
    except _STUMBLES:
        return read_carefully(text)
    if type(event) is dict and _has_each_key_once(event, text):
        return event
    return read_carefully(text)


def read_carefully(text: str | bytes) -> dict[str, Any]:
    """What `parse_event` does, by Python's own decoder: it says what is wrong, and sees each key."""
    text = text if isinstance(text, str) else _decoded(text)
    try:
        event, end = _FAST.raw_decode(text)
        if end != len(text):
            event = _FAST.decode(text)
    except (ValueError, ArithmeticError, RecursionError, _Refused):
        event = _read_or_explain(text)
    if type(event) is not dict:
        raise InvalidEvent(f"{_kind(event)} is not an object", reason=WRONG_TYPE)
    return event


def event_text(event: Any, *, ascii_only: bool = True) -> str:
    """The JSON text of an event in one line (of ASCII unless told otherwise), decimals digit by digit.

    What JSON has no word for is written as Python shows it: the text is for dead letters as well, whose events
    may hold anything.
    """
    match event:
        case Mapping():
            names = (json.dumps(str(name), ensure_ascii=ascii_only) for name in event)
            values = (event_text(value, ascii_only=ascii_only) for value in event.values())
            return f"{{{', '.join(f'{name}: {value}' for name, value in zip(names, values, strict=True))}}}"
        case list() | tuple():
            return f"[{', '.join(event_text(value, ascii_only=ascii_only) for value in event)}]"
        case Decimal():
            return str(event)
        case _:
            return json.dumps(event, default=repr, ensure_ascii=ascii_only)


# quick, and as exact, but it keeps one of two keys that are the same, and refuses half of a surrogate pair
_QUICK = msgspec.json.Decoder(float_hook=Decimal).decode
_STUMBLES = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)


def _has_each_key_once(event: dict[str, Any], text: str | bytes) -> bool:
    """Whether it is certain that no key of a text was lost in the event that was read from it.

    Each key has a colon behind it. So if there are no more colons than keys, then no key was written twice; colons
    in texts leave it open. Arrays are left open as well: their depth is for the careful reader to judge.
    """
    if isinstance(text, bytes):
        colons, arrays = text.count(b":"), BRACKET in text  # a byte is found far quicker than bytes
    else:
        colons, arrays = text.count(":"), "[" in text
    if colons == len(event):
        return not arrays
    keys = len(event)
    for value in event.values():
        if type(value) is dict:
            keys += len(value)
    return colons == keys and not arrays


class _Refused(Exception):
    """Something is wrong; `_read_or_explain` reads the text again to say what and where."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _Refused
    return result


def _refuse(_literal: str) -> NoReturn:
    raise _Refused


_FAST = json.JSONDecoder(object_pairs_hook=_object, parse_float=Decimal, parse_constant=_refuse)


class _Pairs(list[tuple[str, Any]]):
    """An object as it is written, twice the same key included."""


@dataclass(frozen=True)
class _Fault:
    """A number that cannot stand in an event, in its place."""

    message: str
    reason: str


def _fraction(literal: str) -> Decimal | _Fault:
    try:
        return Decimal(literal)
    except ArithmeticError:
        return _Fault("the exponent is beyond what can be held", "out-of-range")


def _whole(literal: str) -> int | _Fault:
    try:
        return int(literal)
    except ValueError:
        return _Fault(f"a number of {len(literal)} digits is beyond what can be held", "out-of-range")


def _constant(literal: str) -> _Fault:
    return _Fault(f"{literal} is not a number in JSON", "not-a-number")


_THOROUGH = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_float=_fraction, parse_int=_whole, parse_constant=_constant
)


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidEvent(f"not UTF-8: {error.reason} at byte {error.start + 1}", reason=NOT_JSON) from error


def _read_or_explain(text: str) -> Any:
    """Read a text that the fast decoder stumbled over, or say what is wrong with it and where."""
    try:
        fault = _first_fault(_THOROUGH.decode(text))
        if fault is None:  # white space in front
            return _FAST.decode(text)
    except json.JSONDecodeError as error:
        why = error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
        if text.startswith("\ufeff"):
            why = "a byte order mark"
        raise InvalidEvent(f"not JSON: {why} at character {error.pos + 1}", reason=NOT_JSON) from error
    except RecursionError as error:
        raise InvalidEvent("nested too deeply", reason="too-deep") from error
    raise fault


def _first_fault(value: Any) -> InvalidEvent | None:
    """The first thing wrong in a document, by its place. A loop, not recursion: the document may be deep."""
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        path, value = pending.pop()
        match value:
            case _Fault():
                return InvalidEvent(value.message, reason=value.reason, field=path or None)
            case _Pairs():
                twice = _twice(value)
                if twice is not None:
                    return InvalidEvent("is there twice", reason="duplicate-key", field=_below(path, twice))
                pending += [(_below(path, name), item) for name, item in reversed(value)]
            case list():
                pending += [(_below(path, str(index)), item) for index, item in reversed([*enumerate(value)])]
    return None


def _twice(pairs: _Pairs) -> str | None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    return None


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind(value: Any) -> str:
    return "an array" if isinstance(value, list) else json.dumps(value, default=str)[:60]
