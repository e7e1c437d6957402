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
MOST_DIGITS = 38


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
    named: set[str] = field(default_factory=set)
    open: list[tuple[Path, str]] = field(default_factory=list)

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
        self._define(place, name)
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
        described = place if "description" in place.node else target
        if "description" in described.node:
            result["doc"] = described.node["description"]
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
        if (target.file, target.pointer) in self.open:
            raise place.error("a schema that holds itself cannot be expressed here")
        types = target.node.get("type")
        if isinstance(types, list) and len(types) == 1:
            types = types[0]
        self.open.append((target.file, target.pointer))
        try:
            return self._union(place, target, types) if isinstance(types, list) else self._one(place, target, types)
        finally:
            self.open.pop()

    def _one(self, place: Place, target: Place, kind: Any) -> Avro:
        if not isinstance(kind, str):
            raise target.error('needs a "type"')
        return self._single(place, target, kind)

    def _union(self, place: Place, target: Place, kinds: list[Any]) -> Avro:
        if sorted(map(str, kinds)) != ["integer", "string"]:
            raise target.error("a union is of string and integer; what may be absent is not required instead")
        for key in ("logicalType", "unit", "type", "enum"):
            if _annotation(target, key):
                raise target.error(f"x-avro {key!r} has no meaning in a union")
        if "enum" in target.node or "contentEncoding" in target.node:
            raise target.error("a union of an enum or of bytes cannot be expressed here")
        return [self._single(place, target, kind) for kind in kinds]

    def _inner(self, place: Place) -> Avro:
        """The type of an array's items or a map's values."""
        target = follow(place)
        if _annotation(target, "unit") == "seconds":
            raise place.error("only a field of its own is scaled: use milliseconds in arrays and maps")
        return self._type(place, target)

    def _define(self, place: Place, name: str) -> None:
        """Avro allows a name to be defined once in a schema."""
        if name in self.named:
            raise place.error(
                f"{name!r} is defined twice", hint="give it another name, or a file of its own to refer to"
            )
        self.named.add(name)

    def _single(self, place: Place, target: Place, kind: str) -> Avro:
        if kind == "object" and place.file != target.file and not target.pointer:
            return self._reference(target)
        check_keywords(target, kind)
        if kind not in ("integer", "number"):
            for key in ("logicalType", "unit"):
                if _annotation(target, key):
                    raise target.error(f"x-avro {key!r} has no meaning for a {kind}")
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
                if "items" not in target.node:
                    raise target.error('an array needs "items"')
                return {"type": "array", "items": self._inner(target.child("items"))}
            case "object" if isinstance(target.node.get("additionalProperties"), dict):
                if target.node.get("properties"):
                    raise target.error("an object has properties or is a map, not both")
                return {"type": "map", "values": self._inner(target.child("additionalProperties"))}
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
        reference = {"name": name, "type": target.file.parent.name, "version": int(version)}
        if self.references.setdefault(name, reference) != reference:
            raise target.error(f"two versions of {name} in one schema")
        return name

    def _string(self, target: Place) -> Avro:
        if _annotation(target, "type") is not None or "contentEncoding" in target.node:
            return _binary(target)
        return self._enum(target) if "enum" in target.node else "string"

    def _enum(self, target: Place) -> Avro:
        _require_unbounded(target, "an enum")
        texts = target.node["enum"]
        symbols = {avro_name(text) or "": text for text in texts if isinstance(text, str)}
        if "" in symbols or not symbols or len(symbols) != len(texts):
            raise target.error("the values of an enum need distinct legal Avro names")
        name = _annotation(target, "enum")
        if not isinstance(name, str) or avro_name(name) != name:
            raise target.error('x-avro needs an "enum": the name of the Avro enum')
        self._define(target, name)
        return {"type": "enum", "name": name, "symbols": list(symbols), "json-symbols": symbols}

    def _contract(self, target: Place) -> dict[str, Any]:
        found = constraints(target)
        for keyword in found:
            pointer = f"{target.pointer}/{keyword}"
            self.losses.append(Loss(target.source, pointer, keyword, "encoder and quality processor"))
        for keyword, name in (("items", "items"), ("additionalProperties", "values")):
            if isinstance(target.node.get(keyword), dict):
                inner = self._contract(follow(target.child(keyword)))
                if inner:
                    found[name] = inner
        return found


def _annotation(place: Place, key: str) -> Any:
    annotation = place.node.get("x-avro", {})
    if not isinstance(annotation, dict):
        raise place.error("x-avro must be an object")
    return annotation.get(key)


def _require_unbounded(target: Place, what: str) -> None:
    for keyword in constraints(target):
        raise target.error(f"{keyword!r} of {what} would be enforced nowhere")


def _binary(target: Place) -> Avro:
    _require_unbounded(target, "bytes")
    if _annotation(target, "type") != "bytes" or target.node.get("contentEncoding") != "base64":
        raise target.error('bytes are "contentEncoding": "base64" and x-avro "type": "bytes", both')
    if "enum" in target.node:
        raise target.error("an enum of bytes cannot be expressed here")
    return "bytes"


def _logical(target: Place, base: str) -> Avro:
    logical = _annotation(target, "logicalType")
    if logical is None and _annotation(target, "unit") is None:
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
    if precision > MOST_DIGITS:
        raise target.error(f"a decimal has at most {MOST_DIGITS} digits: Spark holds no more")
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
    rounding = _annotation(target, "rounding")
    if rounding not in (None, "half-even"):
        raise target.error(f'rounding is "half-even" or absent, not {rounding!r}')
    return decimal | ({"rounding": rounding} if rounding else {})


__all__ = ["CONSTRAINTS", "Derivation", "Loss", "derive"]
