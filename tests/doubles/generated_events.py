"""Hypothesis strategies for JSON events of any derived schema: doubles of the clients that send them.

Everything comes from the Avro schema with its contract properties; no event is known by name.
"""

from __future__ import annotations

import base64
from copy import deepcopy
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

TEXT = st.characters(exclude_categories=["Cs"])
YEAR_9999 = 253_402_300_799  # the last second that readers with calendars (Python, Spark) can show
LONGEST = 30  # of texts without a maxLength, arrays, maps

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
    return _Events().record(schema)


def any_events(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """JSON events of which about half are broken in one place or two, and some are no objects at all."""
    return valid_events(schema).flatmap(_broken)


class _Events:
    def __init__(self) -> None:
        self.named: dict[str, dict[str, Any]] = {}
        self.namespace = ""

    def record(self, schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        self.namespace = schema.get("namespace", self.namespace)
        self.named[f"{self.namespace}.{schema['name']}"] = schema
        required, optional = {}, {}
        for field in schema["fields"]:
            branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
            seconds = field.get("json-unit") == "seconds"
            values = [self.value(one, field.get("contract", {}), seconds) for one in branches if one != "null"]
            (optional if "null" in branches else required)[field["json-name"]] = st.one_of(values)
        return st.fixed_dictionaries(required, optional=optional)

    def value(self, avro: Any, bounds: dict[str, Any], seconds: bool = False) -> st.SearchStrategy[Any]:
        kind = avro["type"] if isinstance(avro, dict) else avro
        logical = avro.get("logicalType") if isinstance(avro, dict) else None
        low = bounds.get("minimum", -(2**63))
        match kind:
            case "string":
                longest = bounds.get("maxLength", LONGEST)
                return st.text(TEXT, min_size=bounds.get("minLength", 0), max_size=longest)
            case "long" if logical == "timestamp-millis":
                return st.integers(max(low, 0), YEAR_9999 if seconds else YEAR_9999 * 1000)
            case "long":
                return st.integers(low, bounds.get("maximum", 2**63 - 1))
            case "bytes" if logical == "decimal":
                return _money(avro["precision"], avro["scale"], bounds)
            case "bytes":
                return st.binary(max_size=LONGEST).map(lambda content: base64.b64encode(content).decode())
            case "enum":
                return st.sampled_from(list(avro["json-symbols"].values()))
            case "array":
                return st.lists(self.value(avro["items"], bounds.get("items", {})), max_size=4)
            case "map":
                values = self.value(avro["values"], bounds.get("values", {}))
                return st.dictionaries(st.text(TEXT, max_size=LONGEST), values, max_size=4)
            case "record":
                return self.record(avro)
            case _:
                return self.record(self.named[kind])


def _money(precision: int, scale: int, bounds: dict[str, Any]) -> st.SearchStrategy[Decimal]:
    largest = 10**precision - 1
    smallest = int(bounds["minimum"] * 10**scale) if "minimum" in bounds else -largest
    return st.integers(smallest, largest).map(lambda units: Decimal(units).scaleb(-scale))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


@st.composite
def _broken(draw: st.DrawFn, event: dict[str, Any]) -> Any:
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
