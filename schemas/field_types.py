"""Field types in one line of text: `string`, `long`, `decimal(18,2)`, `timestamp-millis`, `string | null`.

Logical types go by their own name. A path is dotted Avro names; below a record that may be null, everything may.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def branches(text: str) -> frozenset[str]:
    """The alternatives of a type in this notation."""
    return frozenset(part.strip() for part in text.split("|"))


def type_at(schema: Mapping[str, Any], path: str) -> frozenset[str] | None:
    """What a field of a record schema (references written out) may hold, or None if there is no such field."""
    named, found, nullable = _records(schema), schema, False
    for name in path.split("."):
        nullable = nullable or "null" in _alternatives(found)
        found = _field(found, name, named)
        if found is None:
            return None
    kinds = frozenset(_name(branch, named) for branch in _alternatives(found))
    return kinds | {"null"} if nullable else kinds


def records_at(schema: Mapping[str, Any], path: str) -> dict[str, str]:
    """The records that a path goes through below the top, by full name, each with what is left of the path there."""
    named, parts = _records(schema), path.split(".")
    node: Any = schema
    found: dict[str, str] = {}
    for end, name in enumerate(parts[:-1], start=1):
        node = _field(node, name, named)
        holders = [_record(branch, named) for branch in _alternatives(node)]
        full = (name for name, one in named.items() if "." in name and any(one is holder for holder in holders))
        found |= dict.fromkeys(full, ".".join(parts[end:]))
    return found


def _alternatives(schema: Any) -> list[Any]:
    return schema if isinstance(schema, list) else [schema]


def _record(branch: Any, named: Mapping[str, Any]) -> Any:
    return named.get(branch, branch) if isinstance(branch, str) else branch


def _field(schema: Any, name: str, named: Mapping[str, Any]) -> Any:
    """The type of a field of the record that `schema` is or may be; None if there is no such field."""
    for branch in _alternatives(schema):
        record = _record(branch, named)
        for field in record.get("fields", ()) if isinstance(record, Mapping) else ():
            if field["name"] == name:
                return field["type"]
    return None


def _name(schema: Any, named: Mapping[str, Any]) -> str:
    if isinstance(schema, str):
        return "record" if schema in named else schema
    if schema.get("logicalType") == "decimal":
        return f"decimal({schema['precision']},{schema.get('scale', 0)})"
    if "logicalType" in schema:
        return str(schema["logicalType"])
    if schema["type"] in ("array", "map"):
        inner = schema["items" if schema["type"] == "array" else "values"]
        of = sorted(_name(one, named) for one in _alternatives(inner))
        return f"{schema['type']}<{' | '.join(of)}>"
    return str(schema["type"])


def _records(schema: Any, namespace: str = "") -> dict[str, Any]:
    """Every record that is defined within a schema, by its full name and by its name."""
    if isinstance(schema, list):
        return {name: record for branch in schema for name, record in _records(branch, namespace).items()}
    if not isinstance(schema, Mapping):
        return {}
    found: dict[str, Any] = {}
    inside = schema.get("namespace", namespace)
    if schema.get("type") == "record":
        found |= {f"{inside}.{schema['name']}": schema, schema["name"]: schema}
    parts = [field["type"] for field in schema.get("fields", ())] + [schema.get("items"), schema.get("values")]
    for part in parts:
        found |= _records(part, inside)
    return found
