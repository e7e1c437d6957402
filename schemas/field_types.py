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
    return _type_at(schema, path.split("."), _records(schema))


def records_at(schema: Mapping[str, Any], path: str) -> dict[str, str]:
    """The records that a path goes through below the top, by full name, each with what is left of the path there."""
    named, parts = _records(schema), path.split(".")
    found: dict[str, str] = {}
    for end in range(1, len(parts)):
        found |= {name: ".".join(parts[end:]) for name in _full_names(schema, parts[:end], named)}
    return found


def _full_names(schema: Any, path: list[str], named: Mapping[str, Any]) -> list[str]:
    for branch in schema if isinstance(schema, list) else [schema]:
        record = named.get(branch, branch) if isinstance(branch, str) else branch
        if not path and isinstance(record, Mapping) and record.get("type") == "record":
            return [name for name, one in named.items() if one is record and "." in name]
        for field in record.get("fields", ()) if path and isinstance(record, Mapping) else ():
            if field["name"] == path[0]:
                return _full_names(field["type"], path[1:], named)
    return []


def _type_at(schema: Any, path: list[str], named: Mapping[str, Any]) -> frozenset[str] | None:
    if not path:
        return frozenset(_name(branch, named) for branch in (schema if isinstance(schema, list) else [schema]))
    nullable = isinstance(schema, list) and "null" in schema
    for branch in schema if isinstance(schema, list) else [schema]:
        record = named.get(branch, branch) if isinstance(branch, str) else branch
        for field in record.get("fields", ()) if isinstance(record, Mapping) else ():
            if field["name"] == path[0]:
                found = _type_at(field["type"], path[1:], named)
                return found if found is None or not nullable else found | {"null"}
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
        of = sorted(_name(one, named) for one in (inner if isinstance(inner, list) else [inner]))
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
