"""From a JSON Schema file to a record with its fields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.derive.annotations import PROFILE, annotation
from schemas.derive.defaults import default_of
from schemas.derive.losses import Loss, Remarks, Stricter
from schemas.derive.named import Named, Names
from schemas.derive.types import Types, holds_itself
from schemas.drafts import check_keywords, required_of, types_of
from schemas.json_files import Place, follow, load
from schemas.names import avro_name, is_full_name


@dataclass(frozen=True)
class Derivation:
    """The Avro schema of one JSON Schema file, and what got lost on the way (`schemas.derive.losses`)."""

    schema: dict[str, Any]
    losses: tuple[Loss, ...]
    notes: tuple[Loss, ...] = ()
    stricter: tuple[Stricter, ...] = ()

    def text(self) -> str:
        """The content of the `.avsc` file."""
        return json.dumps(self.schema, indent=2, ensure_ascii=False) + "\n"


def derive(file: Path) -> Derivation:
    """Derive the Avro schema of a JSON Schema file whose root is an object.

    Raises DerivationError with the JSON pointer of what cannot be expressed.
    """
    return _Deriver(load(file.resolve())).run()


class _Deriver:
    def __init__(self, root: Place, above: tuple[Path, ...] = ()) -> None:
        self.root = root
        self.above = (*above, root.file)
        self.named = Named(root.file, self._names_in)
        self.remarks = Remarks()
        self.types = Types(self.named, self.remarks, self._record)

    def run(self) -> Derivation:
        check_keywords(self.root, "object")
        namespace = annotation(self.root, "namespace")
        if not isinstance(namespace, str) or not is_full_name(namespace):
            raise self.root.error('x-avro needs a "namespace" made of legal names')
        if types_of(self.root) != ["object"] or "default" in self.root.node:
            raise self.root.error('an event is an object: "type": "object", without a default')
        self.named.namespace = namespace
        record = self._record(self.root, namespace=namespace)
        references = self.named.references()
        if references:
            record["references"] = references
        found = self.remarks
        return Derivation(record, tuple(found.losses), tuple(found.notes), tuple(found.stricter))

    def _names_in(self, place: Place, target: Place) -> Names:
        if target.file in self.above:
            raise holds_itself(place)
        other = _Deriver(target, self.above)
        other.run()
        return other.named.names

    def _record(self, place: Place, namespace: str | None = None) -> dict[str, Any]:
        name = self.named.define(place, "record")
        if place.node.get("additionalProperties") is not False:
            raise place.error(
                "an object with properties must be closed: additionalProperties: false",
                hint="to let unknown fields pass and drop them, the catalog has `unknown-fields: drop`",
            )
        record: dict[str, Any] = {"type": "record", "name": name}
        self.remarks.note(place, "additionalProperties", "encoder: unknown fields as the catalog says")
        if namespace:
            record["namespace"] = namespace
        if "description" in place.node:
            record["doc"] = place.node["description"]
        record["fields"] = self._fields(place)
        return record

    def _fields(self, place: Place) -> list[dict[str, Any]]:
        required = required_of(place)
        fields: dict[str, dict[str, Any]] = {}
        for json_name in place.node.get("properties", {}):
            child = place.child("properties", json_name)
            name = avro_name(json_name)
            if name is None:
                hint = "letters, digits, _ and - (which becomes _), no digit first"
                raise child.error(f"{json_name!r} has no legal Avro name", hint)
            if name in fields:
                other = fields[name]["json-name"]
                raise child.error(f"{json_name!r} and {other!r} are both {name!r} in Avro", "rename one of them")
            fields[name] = self._field({"name": name, "json-name": json_name}, child, required(json_name))
        return list(fields.values())

    def _field(self, field: dict[str, Any], place: Place, required: bool) -> dict[str, Any]:
        target = follow(place)
        field["type"] = self.types.of(place, target)
        described = place if "description" in place.node else target
        doc = {"doc": described.node["description"]} if "description" in described.node else {}
        unit = annotation(target, "unit")
        beside = {"json-unit": unit} if unit else {}
        for key in PROFILE:
            value = annotation(place, key)
            if value is not None and (not isinstance(value, str) or not value):
                raise place.error(f"x-avro {key!r} must be the name of a profile's field")
            beside |= {key: value} if value else {}
        contract = self.remarks.contract(target)
        if contract:
            beside["contract"] = contract
        return field | self._absence(field | beside, target, required) | doc | beside

    def _absence(self, field: dict[str, Any], target: Place, required: bool) -> dict[str, Any]:
        """What the field says of null and of being absent; the type is changed by it."""
        if "null" in types_of(target):
            return self._nullable(field, target, required)
        if "default" in target.node:
            default = {"default": default_of(target, field)}
            if required:
                return default
            self.remarks.note(target, "default", "encoder: writes it where the field is absent")
            return default | {"json-optional": True}
        if required:
            return {}
        avro = field["type"]
        return {"type": ["null", *avro] if isinstance(avro, list) else ["null", avro], "default": None}

    def _nullable(self, field: dict[str, Any], target: Place, required: bool) -> dict[str, Any]:
        """JSON's null is allowed; where the field may be absent as well, the two are one value in Avro."""
        default = {"default": default_of(target, field)} if "default" in target.node else {}
        if required:
            return default | {"json-null": True}
        self.remarks.note(target, "type", "not told apart: null reads back as absent, which is allowed as well")
        return {"default": None, "json-null": True, "json-optional": True}
