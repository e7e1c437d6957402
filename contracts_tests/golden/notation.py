"""How a golden record's value is written down, and what it means.

The notation is Avro's own JSON encoding (a union's value is null or `{"branch": value}`, a timestamp its
milliseconds), but for two types that nobody could read in it: a decimal is its text (`"19.99"`), bytes are
hexadecimal text. It knows no reader and no writer: what a line means follows from the Avro specification alone.

`avro` is everywhere a schema with its records written out (`expanded` in `values.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

Leaf = Callable[[Any, str], Any]


def record_of(avro: Any, value: Any) -> Any:
    """The value as a record has it: decimals as Decimal, bytes as bytes, a union's value without its branch."""
    return _convert(avro, value, _python, branches=False)


def avro_json(avro: Any, value: Any) -> Any:
    """The value in Avro's JSON encoding, in which bytes are text of the characters 0 to 255."""
    return _convert(avro, value, _latin, branches=True)


def branch_name(avro: Any) -> str:
    """What the JSON encoding calls a union's branch."""
    if isinstance(avro, str):
        return avro
    name: str = avro.get("full-name", avro["type"])
    return name


def difference(expected: Any, found: Any, path: str = "") -> str | None:
    """Where two values differ, in words; None if they are the same.

    Stricter than `==`: types must be the same (True is not 1), and decimals must have the same scale.
    """
    if type(expected) is not type(found):
        return f"{path}: {found!r} is no {type(expected).__name__}"
    if isinstance(expected, dict):
        if expected.keys() != found.keys():
            return f"{path}: the keys {sorted(found)}, not {sorted(expected)}"
        pairs = [(f"{path}.{key}", expected[key], found[key]) for key in expected]
    elif isinstance(expected, list):
        if len(expected) != len(found):
            return f"{path}: {len(found)} items, not {len(expected)}"
        pairs = [(f"{path}.{place}", *pair) for place, pair in enumerate(zip(expected, found, strict=True))]
    else:
        same = repr(expected) == repr(found) if isinstance(expected, Decimal | float) else expected == found
        return None if same else f"{path}: {found!r}, not {expected!r}"
    problems = (difference(one, other, place) for place, one, other in pairs)
    return next((problem for problem in problems if problem), None)


def _convert(avro: Any, value: Any, leaf: Leaf, branches: bool) -> Any:
    if isinstance(avro, list):
        if value is None:
            return None
        ((name, inside),) = value.items()
        branch = next(branch for branch in avro if branch_name(branch) == name)
        converted = _convert(branch, inside, leaf, branches)
        return {name: converted} if branches else converted
    match avro["type"] if isinstance(avro, dict) else avro:
        case "record":
            fields = {field["name"]: field["type"] for field in avro["fields"]}
            if value.keys() != fields.keys():
                raise ValueError(f"{avro['name']} has the fields {sorted(fields)}, not {sorted(value)}")
            return {name: _convert(kind, value[name], leaf, branches) for name, kind in fields.items()}
        case "array":
            return [_convert(avro["items"], item, leaf, branches) for item in value]
        case "map":
            return {key: _convert(avro["values"], item, leaf, branches) for key, item in value.items()}
        case "bytes":
            return leaf(avro, value)
        case _:
            return value


def _python(avro: Any, text: str) -> Decimal | bytes:
    return bytes.fromhex(text) if isinstance(avro, str) else Decimal(text)


def _latin(avro: Any, text: str) -> str:
    if isinstance(avro, str):
        return bytes.fromhex(text).decode("latin-1")
    units = int(Decimal(text).scaleb(avro["scale"]))  # at most 28 digits, which is what Python's context keeps
    size = (units if units >= 0 else ~units).bit_length() // 8 + 1  # the shortest two's complement
    return units.to_bytes(size, "big", signed=True).decode("latin-1")
