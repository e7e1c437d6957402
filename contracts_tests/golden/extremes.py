"""Values at the edges of a schema, chosen from its text alone: types, and the bounds that travel with them.

In the notation of `notation.py`. No value depends on chance: the same schema gives the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from avrogate.errors import InvalidEvent
from schemas.contract.constraints import ARRAY, NUMBER, TEXT, compile_checks

YEAR_9999 = 253_402_300_799  # the last second that readers with calendars (Python, Spark) can show
LONG = 2**63
LARGEST_DOUBLE = 1.7976931348623157e308
USUAL = "usual"
UNBOUNDED = 100  # how long the longest text is where the contract sets no limit
FORMATS = {
    "date-time": ("2025-01-31T12:00:00Z", "1999-12-31T23:59:59.999+14:00"),
    "date": ("2025-01-31", "2024-02-29"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "ffffffff-FFFF-ffff-FFFF-ffffffffffff"),
}
SCRIPTS = "\u00e9 e\u0301 🎮Ω日ß"  # one letter in both spellings, and letters of two, three and four bytes
CONTROLS = '\x00\t\n\r"\\\x7f\u2028'

Choice = tuple[str, Any]  # what is extreme about a value, and the value


def records(avro: dict[str, Any]) -> Iterator[Choice]:
    """Records that are usual but for one field, then two that are extreme in every field."""
    fields = {field["name"]: choices(field["type"], field, place) for place, field in enumerate(avro["fields"])}
    usual = {name: found[0][1] for name, found in fields.items()}
    yield USUAL, usual
    for name, found in fields.items():
        yield from ((f"{name}: {what}", {**usual, name: value}) for what, value in found[1:])
    yield "every field: first extreme", {name: found[min(1, len(found) - 1)][1] for name, found in fields.items()}
    yield "every field: last extreme", {name: found[-1][1] for name, found in fields.items()}


def choices(avro: Any, field: dict[str, Any], place: int) -> list[Choice]:
    """Values of one field: a usual one, which differs from other fields', the least, others, the greatest.

    Raises ValueError if no value here is one that the contract allows.
    """
    bounds = field.get("contract", {})
    if not isinstance(avro, list):
        return _of_type(avro, {**field, "contract": bounds}, place)
    found = []
    for branch in avro:
        if branch != "null":
            name = branch if isinstance(branch, str) else branch.get("full-name", branch["type"])
            inside = _of_type(branch, {**field, "contract": bounds}, place)
            prefix = f"{name.rsplit('.', 1)[-1]} " if len([one for one in avro if one != "null"]) > 1 else ""
            found += [(f"{prefix}{what}", {name: value}) for what, value in inside]
    return [found[0], ("null", None), *found[1:]] if "null" in avro else found


def _of_type(avro: Any, field: dict[str, Any], place: int) -> list[Choice]:
    kind = avro["type"] if isinstance(avro, dict) else avro
    bounds, name = field["contract"], field["name"]
    match kind:
        case "string":
            return _allowed(_texts(name, bounds), bounds, TEXT, name)
        case "long" if isinstance(avro, dict) and avro.get("logicalType") == "timestamp-millis":
            unit = 1000 if field.get("json-unit") == "seconds" else 1
            times = _allowed(_times(place, unit), bounds, NUMBER, name)
            return [(what, value * unit) for what, value in times]
        case "long":
            return _allowed(_numbers(place, bounds), bounds, NUMBER, name)
        case "double":
            return _allowed(_doubles(), bounds, NUMBER, name, lambda number: Decimal(repr(number)))
        case "bytes" if isinstance(avro, dict):
            return _allowed(_decimals(avro, bounds), bounds, NUMBER, name, Decimal)
        case "bytes":
            every = bytes(range(256)).hex()
            return [(USUAL, name.encode().hex()), ("empty", ""), ("one zero", "00"), ("every byte", every)]
        case "boolean":
            return [("false", False), ("true", True)]
        case "enum":
            return [(symbol, symbol) for symbol in avro["symbols"]]
        case "array":
            return _allowed(_arrays(avro, field, place), bounds, ARRAY, name)
        case "map":
            return _maps(avro, field, place)
        case "record":
            return _inner_records(avro)
    raise ValueError(f"{name}: no extremes are known of the Avro type {kind!r}")


def _texts(name: str, bounds: dict[str, Any]) -> Iterator[Choice]:
    low, high = bounds.get("minLength", 0), bounds.get("maxLength", max(UNBOUNDED, bounds.get("minLength", 0)))
    yield from ((text, text) for text in FORMATS.get(bounds.get("format", ""), ()))
    yield USUAL, name[:high].ljust(low, "-")
    yield f"length {low}", "x" * low
    yield "scripts", SCRIPTS[:high].ljust(low, "日")
    yield "control characters", CONTROLS[:high].ljust(low, "\t")
    yield f"length {high}", "x" * high
    yield f"length {high}, each of four bytes", "🎮" * high


def _numbers(place: int, bounds: dict[str, Any]) -> Iterator[Choice]:
    low, high = bounds.get("minimum", -LONG), bounds.get("maximum", LONG - 1)
    step = int(bounds.get("multipleOf", 1))
    numbers = [low, bounds.get("exclusiveMinimum", low - 1) + 1, -65, -1, 0, step, 64, 2**31, 2**53 + 1]
    numbers += [*bounds.get("enum", ()), bounds.get("exclusiveMaximum", high + 1) - 1, high]
    yield USUAL, min(max(low, 100 + place), high)
    yield from ((str(number), number) for number in numbers if number in range(-LONG, LONG))


def _times(place: int, unit: int) -> Iterator[Choice]:
    second = 1000 // unit
    yield USUAL, 1_735_689_600 * second + place  # the first day of 2025
    yield "before 1970", -1
    yield "the epoch", 0
    yield "one unit after the epoch", 1
    yield "past 31 bits of seconds", 2**31 * second
    yield "last of the year 9999", YEAR_9999 * second + second - 1


def _decimals(avro: dict[str, Any], bounds: dict[str, Any]) -> Iterator[Choice]:
    scale, largest = avro["scale"], 10 ** avro["precision"] - 1
    edges = [int(Decimal(str(bounds[key])).scaleb(scale)) for key in ("minimum", "maximum") if key in bounds]
    # 127 and 128 units are the last of one byte and the first of two; -128 and -129 likewise
    for units in (1999, -largest, *edges, -129, -128, -1, 0, 1, 127, 128, largest):
        text = str(Decimal(units).scaleb(-scale).quantize(Decimal(1).scaleb(-scale)))
        yield (USUAL if units == 1999 else text), text


def _doubles() -> Iterator[Choice]:
    for number in (0.5, -LARGEST_DOUBLE, -0.1, 0.0, 5e-324, 0.1, 1.0, LARGEST_DOUBLE):
        yield str(number), number


def _arrays(avro: dict[str, Any], field: dict[str, Any], place: int) -> Iterator[Choice]:
    bounds = field["contract"]
    items = [value for _, value in choices(avro["items"], {**field, "contract": bounds.get("items", {})}, place)]
    most = bounds.get("maxItems", len(items))
    yield USUAL, items[: max(1, bounds.get("minItems", 1))]
    yield "empty", []
    yield "the same twice", items[:1] * 2
    yield f"{min(most, len(items))} items", items[:most]


def _maps(avro: dict[str, Any], field: dict[str, Any], place: int) -> list[Choice]:
    bounds = field["contract"].get("values", {})
    values = [value for _, value in choices(avro["values"], {**field, "contract": bounds}, place)]
    keys = ["z", "", SCRIPTS, CONTROLS, "x" * 64, *(f"key {number}" for number in range(len(values)))]
    entries = dict(zip(keys, values, strict=False))
    two = {"b": values[0], "a": values[-1]}
    return [
        (USUAL, {"key": values[0]}),
        ("empty", {}),
        ("2 entries", two),
        (f"{len(entries)} entries", entries),
    ]


def _inner_records(avro: dict[str, Any]) -> list[Choice]:
    """As many records as the field with the most values has; the n-th has the n-th value of each field."""
    fields = {field["name"]: choices(field["type"], field, place) for place, field in enumerate(avro["fields"])}
    most = max(len(found) for found in fields.values())
    return [
        (f"extremes {number}", {name: found[min(number, len(found) - 1)][1] for name, found in fields.items()})
        for number in range(most)
    ]


def _allowed(
    found: Iterator[Choice],
    bounds: dict[str, Any],
    kinds: dict[str, Callable[[Any], Any]],
    name: str,
    seen: Callable[[Any], Any] = lambda value: value,
) -> list[Choice]:
    """What the contract allows of the values, each once; `seen` is a value as the contract's checks take it."""
    check = compile_checks(bounds, kinds)
    result: list[Choice] = []
    for what, value in found:
        try:
            check(seen(value))
        except InvalidEvent:
            continue
        if value not in [other for _, other in result]:
            result.append((what, value))
    if not result:
        raise ValueError(f"{name}: no value is known that its contract allows; add a record without bytes by hand")
    return result
