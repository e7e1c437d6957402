"""Hypothesis strategies for JSON events of any derived schema: doubles of the clients that send them.

Everything comes from the Avro schema with its contract properties; no event is known by name.
"""

from __future__ import annotations

import base64
import json
import math
import re
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

Steps = tuple[str, ...]
Values = dict[Steps, st.SearchStrategy[Any]]

TEXT = st.characters(exclude_categories=["Cs"])
YEAR_9999 = 253_402_300_799  # the last second that readers with calendars (Python, Spark) can show
LONGEST = 30  # of texts without a maxLength, arrays, maps
LONG = (-(2**63), 2**63 - 1)
BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
FORMATS: dict[str, st.SearchStrategy[str]] = {
    "date": st.dates().map(str),
    "uuid": st.uuids().map(str),
    "date-time": st.builds(
        "{}T{:%H:%M:%S}{}".format, st.dates(), st.times(), st.sampled_from(["Z", "z", ".25Z", "-23:59"])
    ),
}

JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.integers(-2, 7),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20),
    st.text(st.characters(), max_size=120),
    st.integers(0, 320).map("x".__mul__),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def valid_events(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON events that a schema (references written out) accepts."""
    return valid_values(schema)[()]


def valid_values(schema: dict[str, Any]) -> Values:
    """JSON values (never null) for each place of a schema's events, by its steps in the JSON Schema.

    A record's field is two steps (`properties`, its JSON name), an array's items are one (`items`), a map's
    values too (`additionalProperties`); the event itself is none.
    """
    events = _Events()
    events.record(schema, ())
    return events.at


def any_events(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """JSON events of which about half are broken in one place or two, and some are no objects at all."""
    return valid_events(schema).flatmap(scattered)


class _Events:
    def __init__(self) -> None:
        self.named: dict[str, dict[str, Any]] = {}
        self.namespace = ""
        self.at: Values = {}

    def record(self, schema: dict[str, Any], steps: Steps) -> st.SearchStrategy[dict[str, Any]]:
        self.namespace = schema.get("namespace", self.namespace)
        self.named[f"{self.namespace}.{schema['name']}"] = schema
        required: dict[str, st.SearchStrategy[Any]] = {}
        optional: dict[str, st.SearchStrategy[Any]] = {}
        for field in schema["fields"]:
            branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
            nullable = field.get("json-null") is True
            absent = field.get("json-optional") is True or ("null" in branches and not nullable)
            wanted = branches if nullable else [branch for branch in branches if branch != "null"]
            seconds = field.get("json-unit") == "seconds"
            place = (*steps, "properties", field["json-name"])
            value = self.value(wanted, field.get("contract", {}), place, seconds)
            (optional if absent else required)[field["json-name"]] = value
        self.at[steps] = st.fixed_dictionaries(required, optional=optional)
        return self.at[steps]

    def value(self, avro: Any, bounds: dict[str, Any], steps: Steps, seconds: bool = False) -> Any:
        branches = avro if isinstance(avro, list) else [avro]
        values = [self.branch(one, bounds, steps, seconds) for one in branches if one != "null"]
        self.at[steps] = st.one_of(values)
        return st.none() | self.at[steps] if "null" in branches else self.at[steps]

    def branch(self, avro: Any, bounds: dict[str, Any], steps: Steps, seconds: bool) -> st.SearchStrategy[Any]:
        kind = avro["type"] if isinstance(avro, dict) else avro
        logical = avro.get("logicalType") if isinstance(avro, dict) else None
        match kind:
            case "boolean":
                return st.booleans()
            case "string":
                return _text(bounds)
            case "long" if "enum" in bounds:
                return st.sampled_from(bounds["enum"])
            case "long" if logical == "timestamp-millis":
                limits = (0, YEAR_9999 if seconds else YEAR_9999 * 1000)
                return _grid(bounds, limits, Fraction(1)).map(int)
            case "long":
                return _grid(bounds, LONG, Fraction(1)).map(int)
            case "double":
                return _double(bounds)
            case "bytes" if logical == "decimal":
                return _money(avro["precision"], avro["scale"], bounds)
            case "bytes":
                return st.binary(max_size=LONGEST).map(lambda content: base64.b64encode(content).decode())
            case _:
                return self.structure(avro, kind, bounds, steps)

    def structure(self, avro: Any, kind: str, bounds: dict[str, Any], steps: Steps) -> st.SearchStrategy[Any]:
        match kind:
            case "enum":
                self.named[f"{self.namespace}.{avro['name']}"] = avro
                return st.sampled_from(list(avro["json-symbols"].values()))
            case "array":
                items = self.value(avro["items"], bounds.get("items", {}), (*steps, "items"))
                least = bounds.get("minItems", 0)
                most = min(bounds.get("maxItems", LONGEST), least + 4)
                unique = _text_of if bounds.get("uniqueItems") else None
                return st.lists(items, min_size=least, max_size=most, unique_by=unique)
            case "map":
                values = self.value(avro["values"], bounds.get("values", {}), (*steps, "additionalProperties"))
                return st.dictionaries(st.text(TEXT, max_size=LONGEST), values, max_size=4)
            case "record":
                return self.record(avro, steps)
            case _:
                return self.branch(self.named[kind], bounds, steps, False)


def _text(bounds: dict[str, Any]) -> st.SearchStrategy[str]:
    """Text within its bounds, quite often at one of them, where off-by-one errors are."""
    shortest, longest = bounds.get("minLength", 0), bounds.get("maxLength", LONGEST)
    if "format" in bounds or "pattern" in bounds:
        pattern = re.compile(bounds.get("pattern", ""))
        texts = FORMATS[bounds["format"]] if "format" in bounds else st.from_regex(pattern, alphabet=TEXT)
        longest = bounds.get("maxLength")
        return texts.map(lambda text: text[:longest].ljust(shortest, "a")).filter(pattern.search)
    extreme = st.builds(lambda char, length: char * length, TEXT, st.sampled_from([shortest, longest]))
    return st.text(TEXT, min_size=shortest, max_size=longest) | extreme


def _grid(bounds: dict[str, Any], limits: tuple[int, int], unit: Fraction) -> st.SearchStrategy[Fraction]:
    """The multiples of `unit` within `limits` (both allowed) that keep the bounds."""
    exact = {name: Fraction(repr(bounds[name])) for name in BOUNDS & bounds.keys()}
    factor = exact.get("multipleOf", unit)
    unit = Fraction(
        math.lcm(unit.numerator, factor.numerator), math.gcd(unit.denominator, factor.denominator)
    )  # the least common multiple of both
    low = math.ceil(max(limits[0], exact.get("minimum", limits[0])) / unit)
    high = math.floor(min(limits[1], exact.get("maximum", limits[1])) / unit)
    if "exclusiveMinimum" in exact:
        low = max(low, math.floor(exact["exclusiveMinimum"] / unit) + 1)
    if "exclusiveMaximum" in exact:
        high = min(high, math.ceil(exact["exclusiveMaximum"] / unit) - 1)
    return st.integers(low, high).map(lambda units: units * unit)


def _money(precision: int, scale: int, bounds: dict[str, Any]) -> st.SearchStrategy[Decimal]:
    digits = 10 ** (precision - scale)
    unit = Fraction(1, 10**scale)
    inside = {"exclusiveMinimum": -digits, "exclusiveMaximum": digits}
    values = _grid(inside | bounds, (-digits, digits), unit).filter(lambda value: abs(value) < digits)
    return values.map(lambda value: Decimal(f"{int(value / unit)}E-{scale}"))


def _double(bounds: dict[str, Any]) -> st.SearchStrategy[Decimal]:
    if BOUNDS & bounds.keys():  # hundredths are enough, and a double's shortest text gives them back
        values = _grid(bounds, (-(10**12), 10**12), Fraction(1, 100))
        return values.map(lambda value: Decimal(f"{int(value * 100)}E-2"))
    return st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Decimal(repr(value)))


def _text_of(item: Any) -> str:
    """Two items are one if their texts are, whatever the order of an object's keys."""
    return json.dumps(item, sort_keys=True, default=str)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


@st.composite
def scattered(draw: st.DrawFn, event: dict[str, Any]) -> Any:
    """The event broken in no place, one, or two, without regard to any keyword."""
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 1, 2]))):
        place = draw(st.sampled_from(_places(event)))
        if not place:
            if draw(st.integers(0, 9)) == 0:
                return draw(JUNK)
            continue
        event = deepcopy(event)
        parent = event
        for step in place[:-1]:
            parent = parent[step]
        change = draw(st.sampled_from(["replace", "replace", "remove", "rename", "add"]))
        _change(draw, parent, place[-1], change)
    return event


def _change(draw: st.DrawFn, parent: Any, key: Any, change: str) -> None:
    if change == "replace" or isinstance(parent, list):
        parent[key] = draw(JUNK)
    elif change == "remove":
        del parent[key]
    elif change == "rename":
        parent[key.replace("-", "_") + draw(st.sampled_from(["", "x"]))] = parent.pop(key)
    else:
        parent[draw(st.sampled_from(["country", "platform", "stray", "Time", ""]))] = draw(JUNK)
