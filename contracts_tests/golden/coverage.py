"""What a set of golden records leaves out of a schema. Knows nothing of how `extremes.py` chose them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

LONG = 2**63
FREE_TEXT = {"minLength", "maxLength"}  # other constraints decide what a text may be
FREE_NUMBER = {"minimum", "maximum"}


def gaps(avro: dict[str, Any], values: Iterable[dict[str, Any]]) -> list[str]:
    """What no value has though the schema allows it, as `field: what`. Values are in golden notation."""
    seen = _Seen()
    for value in values:
        seen.add("", avro, {}, value)
    return [
        f"{path.removeprefix('.')}: no {what}" for path, kind in seen.kinds.items() for what in seen.gaps(path, *kind)
    ]


class _Seen:
    def __init__(self) -> None:
        self.kinds: dict[str, tuple[Any, dict[str, Any]]] = {}
        self.values: defaultdict[str, list[Any]] = defaultdict(list)

    def add(self, path: str, avro: Any, bounds: dict[str, Any], value: Any) -> None:
        self.kinds[path] = (avro, bounds)
        self.values[path].append(value)
        if isinstance(avro, list):
            for branch in avro:
                name = _name(branch)
                if value is not None and name in value:
                    self.add(f"{path}({name})", branch, bounds, value[name])
            return
        match avro["type"] if isinstance(avro, dict) else avro:
            case "record":
                for field in avro["fields"]:
                    inside = field.get("contract", {})
                    self.add(f"{path}.{field['name']}", field["type"], inside, value[field["name"]])
            case "array":
                for item in value:
                    self.add(f"{path}[]", avro["items"], bounds.get("items", {}), item)
            case "map":
                for item in value.values():
                    self.add(f"{path}{{}}", avro["values"], bounds.get("values", {}), item)

    def gaps(self, path: str, avro: Any, bounds: dict[str, Any]) -> list[str]:
        """What is missing at one place."""
        values = self.values[path]
        if isinstance(avro, list):
            found = {"null" if value is None else next(iter(value)) for value in values}
            return [f"branch {name}" for name in map(_name, avro) if name not in found]
        missing = [what for what, there in _wanted(avro, bounds, values).items() if not there]
        only_one = isinstance(avro, dict) and len(avro.get("symbols", ())) == 1
        if not only_one and len({json.dumps(value) for value in values}) < 2:
            missing.append("second value")
        return missing


def _name(branch: Any) -> str:
    name: str = branch if isinstance(branch, str) else branch.get("full-name", branch["type"])
    return name


def _wanted(avro: Any, bounds: dict[str, Any], values: list[Any]) -> dict[str, bool]:
    kind = avro["type"] if isinstance(avro, dict) else avro
    logical = avro.get("logicalType") if isinstance(avro, dict) else None
    match kind:
        case "string" if bounds.keys().isdisjoint({"pattern", "format"}):
            lengths = {len(value) for value in values}
            wanted = {
                f"text of {bounds[key]} characters": bounds[key] in lengths for key in FREE_TEXT & bounds.keys()
            }
            texts = "".join(values)
            planes = {"accent": "\u0301", "character of four bytes": "\U0001f3ae", "control character": "\0"}
            return wanted | {what: one in texts for what, one in planes.items()}
        case "long" if logical is None and bounds.keys() <= FREE_NUMBER:
            edges = (bounds.get("minimum", -LONG), bounds.get("maximum", LONG - 1))
            return {str(edge): edge in values for edge in edges}
        case "bytes" if logical == "decimal" and bounds.keys() <= FREE_NUMBER:
            unit = Decimal(1).scaleb(-avro["scale"])
            largest = Decimal("9" * avro["precision"]).scaleb(-avro["scale"])
            low, high = bounds.get("minimum", -largest), bounds.get("maximum", largest)
            limits = {low, high, *(one for one in (-unit, 0, unit) if low <= one <= high)}
            found = {Decimal(value) for value in values}
            return {str(limit): limit in found for limit in limits}
        case "bytes":
            return {"empty value": "" in values, "byte ff": any(value.endswith("ff") for value in values)}
        case "boolean":
            return {str(one): one in values for one in (True, False)}
        case "enum":
            return {symbol: symbol in values for symbol in avro["symbols"]}
        case "array" | "map":
            sizes = {len(value) for value in values}
            return {
                "empty value": bounds.get("minItems", 0) > 0 or 0 in sizes,
                "two items": max(sizes) > 1 or bounds.get("maxItems") == 1,
            }
        case _:
            return {}
