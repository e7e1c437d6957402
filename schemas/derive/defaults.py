"""JSON defaults as Avro defaults."""

from __future__ import annotations

from typing import Any

from avrogate.errors import InvalidEvent
from schemas.contract.compile import compile_contract
from schemas.drafts import types_of, values_of
from schemas.json_files import Place
from schemas.names import avro_name

HINT = "make the field optional without a default: it is null where it is absent"


def default_of(target: Place, field: dict[str, Any]) -> Any:
    """The Avro default of a field whose JSON Schema has a `default`.

    Raises DerivationError for a default that the
    schema itself refuses, or that Avro or its readers cannot carry safely: one of money, bytes, records, and of
    arrays and maps that are not empty; and one that is not null of a field that may be null.
    """
    value, avro = target.node["default"], field["type"]
    if isinstance(avro, list) and "null" in avro:
        if value is not None:
            raise target.error("the default of a field that may be null must be null", HINT)
        return None
    enum = _enum(target)
    kind = avro["type"] if isinstance(avro, dict) else avro
    if kind == "bytes" or (enum is None and not _is_simple(avro, kind)):
        raise target.error("a default of money, bytes or an object cannot be carried by Avro safely", HINT)
    if kind in ("array", "map") and value:
        raise target.error("the default of an array or a map must be empty", HINT)
    return _converted(target, field, enum, avro)


def _enum(target: Place) -> dict[str, Any] | None:
    """The enum that the field is of, which may be but a name in its type."""
    if types_of(target) != ["string"] or not target.node.keys() & {"enum", "const"}:
        return None
    return {"type": "enum", "json-symbols": {avro_name(text): text for text in values_of(target, str)}}


def _is_simple(avro: Any, kind: Any) -> bool:
    return isinstance(avro, list) or kind in ("string", "long", "double", "boolean", "array", "map")


def _converted(target: Place, field: dict[str, Any], enum: dict[str, Any] | None, avro: Any) -> Any:
    """The default as the encoder would write it. Items do not matter: a default that gets here has none."""
    kind = avro["type"] if isinstance(avro, dict) else avro
    plain: Any = {"array": {"type": "array", "items": "long"}, "map": {"type": "map", "values": "long"}}.get(
        kind if isinstance(kind, str) else "", enum or avro
    )
    alone = {"type": "record", "name": "R", "namespace": "n", "fields": [{**field, "type": plain}]}
    try:
        found = compile_contract(alone).to_record({field["json-name"]: target.node["default"]})[field["name"]]
    except InvalidEvent as error:
        raise target.error(f"the default breaks the schema itself: {error.bare}") from error
    if isinstance(avro, list) and isinstance(found, str) != (avro[0] == "string"):
        raise target.error(f"Avro takes the default of a union from its first type, {avro[0]}", HINT)
    return found
