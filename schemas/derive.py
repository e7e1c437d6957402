"""JSON Schema to Avro: one file in, one `.avsc` out, the same bytes every time.

What JSON Schema says and Avro cannot (bounds, lengths, patterns) travels as the field property `contract`
and is enforced by the encoder and the quality processor; `Derivation.losses` lists each of them.
A keyword that could be neither expressed nor enforced is an error that names its place, never a guess.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.drafts import CONSTRAINTS, Required, check_keywords, constraints, required_of
from schemas.json_files import Place, follow, load
from schemas.names import avro_name, is_full_name

Avro = Any

# a field that an event takes from its user's profile, or gives to it; the quality processor reads these
PROFILE = ("from-profile", "sets-profile")


@dataclass(frozen=True)
class Loss:
    """Something that the Avro schema alone does not say, and who says it instead."""

    source: str
    pointer: str
    keyword: str
    enforced: str


@dataclass(frozen=True)
class Derivation:
    """The Avro schema of one JSON Schema file, and what got lost on the way."""

    schema: dict[str, Any]
    losses: tuple[Loss, ...]

    def text(self) -> str:
        """The content of the `.avsc` file."""
        return json.dumps(self.schema, indent=2, ensure_ascii=False) + "\n"


def derive(file: Path) -> Derivation:
    """Derive the Avro schema of a JSON Schema file whose root is an object.

    Raises DerivationError with the JSON pointer of what cannot be expressed.
    """
    return _Deriver(load(file.resolve())).run()


@dataclass
class _Deriver:
    root: Place
    losses: list[Loss] = field(default_factory=list)
    references: dict[str, dict[str, Any]] = field(default_factory=dict)
    namespace: str = ""

    def run(self) -> Derivation:
        self.namespace = _annotation(self.root, "namespace") or ""
        if not is_full_name(self.namespace):
            raise self.root.error('x-avro needs a "namespace" made of legal names')
        record = self._record(self.root, namespace=self.namespace)
        if self.references:
            record["references"] = [self.references[name] for name in sorted(self.references)]
        return Derivation(record, tuple(self.losses))

    def _record(self, place: Place, namespace: str | None = None) -> dict[str, Any]:
        check_keywords(place, "object")
        name = _annotation(place, "record")
        if not isinstance(name, str) or avro_name(name) != name:
            raise place.error('x-avro needs a "record": the name of the Avro record')
        if place.node.get("additionalProperties") is not False:
            raise place.error("an object with properties must be closed: additionalProperties: false")
        record: dict[str, Any] = {"type": "record", "name": name}
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
                raise child.error(f"{json_name!r} has no legal Avro name")
            if name in fields:
                raise child.error(f"{json_name!r} and {fields[name]['json-name']!r} are both {name!r} in Avro")
            fields[name] = self._field(name, json_name, child, required)
        return list(fields.values())

    def _field(self, name: str, json_name: str, place: Place, required: Required) -> dict[str, Any]:
        target = follow(place)
        result: dict[str, Any] = {"name": name, "json-name": json_name}
        avro = self._type(place, target)
        if not required(json_name):
            avro = ["null", *avro] if isinstance(avro, list) else ["null", avro]
            result |= {"type": avro, "default": None}
        else:
            result["type"] = avro
        if "description" in target.node:
            result["doc"] = target.node["description"]
        unit = _annotation(target, "unit")
        if unit:
            result["json-unit"] = unit
        for key in PROFILE:
            if _annotation(place, key):
                result[key] = _annotation(place, key)
        contract = self._contract(target)
        if contract:
            result["contract"] = contract
        return result

    def _type(self, place: Place, target: Place) -> Avro:
        types = target.node.get("type")
        if isinstance(types, list):
            return [self._single(place, target, kind) for kind in types]
        if not isinstance(types, str):
            raise target.error('needs a "type"')
        return self._single(place, target, types)

    def _single(self, place: Place, target: Place, kind: str) -> Avro:
        if kind == "object" and place.file != target.file and not target.pointer:
            return self._reference(target)
        check_keywords(target, kind)
        match kind:
            case "string":
                return self._string(target)
            case "integer":
                return _logical(target, "long")
            case "number":
                return _number(target)
            case "boolean":
                return "boolean"
            case "array":
                items = target.child("items")
                return {"type": "array", "items": self._type(items, follow(items))}
            case "object" if isinstance(target.node.get("additionalProperties"), dict):
                values = target.child("additionalProperties")
                return {"type": "map", "values": self._type(values, follow(values))}
            case "object":
                return self._record(target)
            case _:
                raise target.error(f"type {kind!r} cannot be expressed here")

    def _reference(self, target: Place) -> str:
        """A record in a file of its own is registered on its own subject and referred to by name."""
        name = f"{_annotation(target, 'namespace')}.{_annotation(target, 'record')}"
        version = target.file.stem.removeprefix("v")
        if not is_full_name(name) or not version.isdigit():
            raise target.error("a shared record needs x-avro record and namespace, and a file named v<N>.json")
        self.references[name] = {"name": name, "type": target.file.parent.name, "version": int(version)}
        return name

    def _string(self, target: Place) -> Avro:
        if _annotation(target, "type") == "bytes":
            return "bytes"
        if "enum" not in target.node:
            return "string"
        symbols = {avro_name(text) or "": text for text in target.node["enum"]}
        if "" in symbols or len(symbols) != len(target.node["enum"]):
            raise target.error("the values of an enum need distinct legal Avro names")
        name = _annotation(target, "enum")
        if not isinstance(name, str) or avro_name(name) != name:
            raise target.error('x-avro needs an "enum": the name of the Avro enum')
        return {"type": "enum", "name": name, "symbols": list(symbols), "json-symbols": symbols}

    def _contract(self, target: Place) -> dict[str, Any]:
        found = constraints(target)
        for keyword in found:
            pointer = f"{target.pointer}/{keyword}"
            self.losses.append(Loss(target.source, pointer, keyword, "encoder and quality processor"))
        nested = target.node.get("items"), target.node.get("additionalProperties")
        for name, node in zip(("items", "values"), nested, strict=True):
            if isinstance(node, dict) and "properties" not in node:
                inner = constraints(follow(Place(target.file, f"{target.pointer}/{name}", node)))
                if inner:
                    found[name] = inner
        return found


def _annotation(place: Place, key: str) -> Any:
    annotation = place.node.get("x-avro", {})
    if not isinstance(annotation, dict):
        raise place.error("x-avro must be an object")
    return annotation.get(key)


def _logical(target: Place, base: str) -> Avro:
    logical = _annotation(target, "logicalType")
    if logical is None:
        return base
    if logical != "timestamp-millis" or _annotation(target, "unit") not in ("seconds", "milliseconds"):
        raise target.error('an integer is timestamp-millis, with "unit" seconds or milliseconds, or plain')
    return {"type": base, "logicalType": logical}


def _number(target: Place) -> Avro:
    logical = _annotation(target, "logicalType")
    if logical is None:
        return "double"
    precision, scale = _annotation(target, "precision"), _annotation(target, "scale")
    if logical != "decimal" or not isinstance(precision, int) or not isinstance(scale, int):
        raise target.error("a number is a decimal with precision and scale, or a double")
    if not 0 <= scale <= precision or precision < 1:
        raise target.error(f"decimal({precision},{scale}) needs 0 <= scale <= precision")
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
    rounding = _annotation(target, "rounding")
    if rounding not in (None, "half-even"):
        raise target.error(f'rounding is "half-even" or absent, not {rounding!r}')
    return decimal | ({"rounding": rounding} if rounding else {})


__all__ = ["CONSTRAINTS", "Derivation", "Loss", "derive"]
