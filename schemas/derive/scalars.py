"""The Avro types of text, bytes and numbers."""

from __future__ import annotations

from typing import Any

from schemas.contract.scalars import LONG
from schemas.derive.annotations import annotation
from schemas.derive.losses import Remarks, require_unbounded
from schemas.drafts import constraints
from schemas.json_files import Place

MOST_DIGITS = 38
LONGEST_SECONDS = LONG.stop // 1000


def text(target: Place, remarks: Remarks) -> str:
    """A string, or bytes in base64."""
    if annotation(target, "enum") is not None:
        raise target.error('x-avro names an "enum", and there is neither enum nor const')
    if annotation(target, "type") is None and "contentEncoding" not in target.node:
        remarks.refused(target, "invalid-text", "half of a surrogate pair")
        return "string"
    require_unbounded(target, "bytes")
    if annotation(target, "type") != "bytes" or target.node.get("contentEncoding") != "base64":
        raise target.error('bytes are "contentEncoding": "base64" and x-avro "type": "bytes", both')
    if target.node.keys() & {"enum", "const"}:
        raise target.error("an enum of bytes cannot be expressed here")
    remarks.refused(target, "not-base64", "text that is not base64")
    return "bytes"


def whole(target: Place, remarks: Remarks) -> Any:
    """A `long`, or a point in time."""
    logical, unit = annotation(target, "logicalType"), annotation(target, "unit")
    if logical is None and unit is None:
        _note_range(target, remarks, LONG.start, LONG.stop - 1, "integers")
        return "long"
    if logical != "timestamp-millis" or unit not in ("seconds", "milliseconds"):
        raise target.error('an integer is timestamp-millis, with "unit" seconds or milliseconds, or plain')
    if unit == "seconds":
        remarks.note(target, "x-avro/unit", "encoder: seconds become milliseconds")
        _note_range(target, remarks, -LONGEST_SECONDS, LONGEST_SECONDS, "seconds")
    else:
        _note_range(target, remarks, LONG.start, LONG.stop - 1, "integers")
    return {"type": "long", "logicalType": logical}


def number(target: Place, remarks: Remarks) -> Any:
    """A `double`, or a decimal."""
    logical = annotation(target, "logicalType")
    if not any(annotation(target, key) is not None for key in ("logicalType", "precision", "scale", "rounding")):
        remarks.refused(target, "out-of-range", "numbers past the largest of 64 bits (1.8e308)")
        return "double"
    precision, scale = annotation(target, "precision"), annotation(target, "scale")
    if logical != "decimal" or type(precision) is not int or type(scale) is not int:
        raise target.error("a number is a decimal with precision and scale, or a double")
    if not 0 <= scale <= precision or precision < 1:
        raise target.error(f"decimal({precision},{scale}) needs 0 <= scale <= precision")
    if precision > MOST_DIGITS:
        raise target.error(f"a decimal has at most {MOST_DIGITS} digits: Spark holds no more")
    rounding = annotation(target, "rounding")
    if rounding not in (None, "half-even"):
        raise target.error(f'rounding is "half-even" or absent, not {rounding!r}')
    remarks.refused(target, "out-of-range", f"numbers of more than {precision - scale} digits before the point")
    if rounding is None:
        remarks.refused(target, "too-many-decimals", f"numbers of more than {scale} decimal places")
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
    return decimal | ({"rounding": rounding} if rounding else {})


def _note_range(target: Place, remarks: Remarks, least: int, most: int, what: str) -> None:
    """Say what does not fit, unless the bounds of the JSON Schema keep it out."""
    found = constraints(target)
    if "enum" in found and all(least <= value <= most for value in found["enum"]):
        return
    low = max(found.get(name, least - 1) for name in ("minimum", "exclusiveMinimum"))
    high = min(found.get(name, most + 1) for name in ("maximum", "exclusiveMaximum"))
    sides = ([f"below {least}"] if low < least else []) + ([f"past {most}"] if high > most else [])
    if sides:
        remarks.refused(target, "out-of-range", f"{what} {' or '.join(sides)}")
