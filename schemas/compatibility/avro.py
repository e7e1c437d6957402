"""Avro schemas in one spelling: full names everywhere, one way to write a type.

`normalize` also says what is no Avro schema at all. The shape stays, so that JSON pointers stay true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Any
PRIMITIVES = frozenset(("null", "boolean", "int", "long", "float", "double", "bytes", "string"))
NAMED = frozenset(("record", "error", "enum", "fixed"))


@dataclass(frozen=True)
class Avro:
    """A schema in one spelling: `root`, and the named types in it by full name."""

    root: Schema
    types: Mapping[str, Mapping[str, Any]]

    def resolve(self, schema: Schema) -> Schema:
        """The definition behind a full name; anything else, a name that is defined nowhere too, as it is."""
        if not isinstance(schema, str):
            return schema
        # Java falls back on a type without namespace: files written for it rely on that
        return self.types.get(schema, self.types.get(short_name(schema), schema))


def kind_of(schema: Schema) -> str:
    """`record`, `array`, `long`, `union` and so on; for a type that is defined elsewhere its full name."""
    if isinstance(schema, list):
        return "union"
    kind = str(schema["type"]) if isinstance(schema, Mapping) else str(schema)
    return "record" if kind == "error" else kind


def short_name(name: str) -> str:
    """A full name without its namespace."""
    return name.rpartition(".")[2]


def mapping(value: Any) -> Mapping[str, Any]:
    """A property that should be an object; an empty one if it is something else, as in schemas of others."""
    return value if isinstance(value, Mapping) else {}


def logical_type(schema: Schema) -> str | None:
    """The logical type of a schema, if it has one."""
    found = schema.get("logicalType") if isinstance(schema, Mapping) else None
    return str(found) if found is not None else None


def fits(default: Any, schema: Schema) -> bool:
    """Whether a JSON value can be the default of a type, roughly: ranges and parts are not looked at."""
    wanted: dict[str, type | tuple[type, ...]] = {
        "null": type(None),
        "boolean": bool,
        "int": int,
        "long": int,
        "float": (int, float),
        "double": (int, float),
        "array": list,
        "map": dict,
        "record": dict,
    }
    kind = kind_of(schema)
    if kind == "enum":
        return default in schema["symbols"]
    if isinstance(default, bool):
        return kind == "boolean"
    if kind in ("float", "double") and default in ("NaN", "Infinity", "-Infinity"):
        return True
    return isinstance(default, wanted.get(kind, str if kind in ("string", "bytes", "fixed") else object))
