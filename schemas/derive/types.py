"""The Avro type of a node, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from avrogate.errors import DerivationError
from schemas.derive.annotations import annotation, check_beside_reference, check_meaning
from schemas.derive.losses import Remarks, require_unbounded
from schemas.derive.named import Named
from schemas.derive.scalars import number, text, whole
from schemas.drafts import check_keywords, draft_of, types_of, unsupported, values_of
from schemas.json_files import Place, follow
from schemas.keywords import HINTS
from schemas.names import avro_name

Avro = Any
DEEPEST = 32  # arrays, maps and records inside each other; readers recurse as well


class Types:
    """Derives types; records by a function that is given, as they are made of fields."""

    def __init__(self, named: Named, remarks: Remarks, record: Callable[[Place], dict[str, Any]]) -> None:
        self._named = named
        self._remarks = remarks
        self._record = record
        self._open: list[tuple[Path, str]] = []

    def of(self, place: Place, target: Place) -> Avro:
        """The type of the node at `target`, to which `place` leads. A union has null first."""
        self._check_way(place, target)
        kinds = types_of(target)
        if "type" not in target.node or not kinds:
            for keyword in sorted(target.node.keys() & HINTS.keys()):
                raise unsupported(target, keyword, "field")
            raise target.error('needs a "type"')
        self._open.append((target.file, target.pointer))
        try:
            avro = self._some(place, target, [kind for kind in kinds if kind != "null"])
        finally:
            self._open.pop()
        if "null" not in kinds:
            return avro
        return ["null", *avro] if isinstance(avro, list) else ["null", avro]

    def _check_way(self, place: Place, target: Place) -> None:
        if "$ref" in place.node:
            check_beside_reference(place)
        if (target.file, target.pointer) in self._open or (not target.pointer and target.file == place.file):
            raise holds_itself(place)
        if len(self._open) >= DEEPEST:
            raise place.error(f"nested more than {DEEPEST} levels deep", hint="give the inner part a file of its own")
        if target.pointer and draft_of(target) != draft_of(place):
            raise place.error(f"$ref leads from {draft_of(place)} to {draft_of(target)}: write both in one draft")

    def _some(self, place: Place, target: Place, kinds: list[str]) -> Avro:
        if not kinds:
            raise target.error(
                "type 'null' cannot be expressed here", hint="a field that is always null says nothing"
            )
        if len(kinds) == 1:
            return self._single(place, target, kinds[0])
        if sorted(kinds) != ["integer", "string"]:
            raise target.error("a union is of string and integer, or of one type and null")
        for key in ("logicalType", "unit", "type", "enum"):
            if annotation(target, key):
                raise target.error(f"x-avro {key!r} has no meaning in a union")
        if target.node.keys() & {"enum", "const", "contentEncoding"}:
            raise target.error("a union of an enum or of bytes cannot be expressed here")
        return [self._single(place, target, kind) for kind in kinds]

    def _single(self, place: Place, target: Place, kind: str) -> Avro:
        if kind == "object" and place.file != target.file and not target.pointer:
            return self._named.refer(place, target)
        check_keywords(target, kind)
        check_meaning(target, kind)
        match kind:
            case "string":
                binary = "contentEncoding" in target.node or annotation(target, "type") is not None
                listed = target.node.keys() & {"enum", "const"}
                return self._enum(target) if listed and not binary else text(target, self._remarks)
            case "integer":
                return whole(target, self._remarks)
            case "number":
                return number(target, self._remarks)
            case "boolean":
                return "boolean"
            case _:
                return self._structure(target, kind)

    def _structure(self, target: Place, kind: str) -> Avro:
        match kind:
            case "array":
                if "items" not in target.node:
                    raise target.error('an array needs "items"')
                items = self._inner(target.child("items"))
                if target.node.get("uniqueItems") is True and not _one_to_one(items):
                    raise target.error(
                        '"uniqueItems" is for texts and exact numbers: other values that differ may be written alike',
                        hint="a missing field and null, for example; hold it in a quality rule",
                    )
                return {"type": "array", "items": items}
            case "object" if isinstance(target.node.get("additionalProperties"), dict):
                listed = "required" in target.node and draft_of(target) != "draft-03"
                if listed or target.node.get("properties"):
                    raise target.error("an object has properties or is a map, not both")
                self._remarks.refused(target, "invalid-text", "half of a surrogate pair in a key")
                return {"type": "map", "values": self._inner(target.child("additionalProperties"))}
            case "object":
                return self._named.known(target) or self._record(target)
            case _:
                raise target.error(f"type {kind!r} cannot be expressed here")

    def _inner(self, place: Place) -> Avro:
        """The type of an array's items or a map's values."""
        target = follow(place)
        if annotation(target, "unit") == "seconds":
            raise place.error("only a field of its own is scaled: use milliseconds in arrays and maps")
        if "default" in target.node:
            raise target.error("only a field has a default")
        return self.of(place, target)

    def _enum(self, target: Place) -> Avro:
        known = self._named.known(target)
        if known:
            return known
        require_unbounded(target, "an enum")
        texts = values_of(target, str)
        symbols = {avro_name(text) or "": text for text in texts}
        if "" in symbols or len(symbols) != len(texts):
            raise target.error(
                "the values of an enum need distinct legal Avro names",
                hint="letters, digits, _ and - (which becomes _), no digit first; for other texts use a pattern",
            )
        name = self._named.define(target, "enum")
        return {"type": "enum", "name": name, "symbols": list(symbols), "json-symbols": symbols}


def _one_to_one(avro: Avro) -> bool:
    """Whether values that differ in JSON differ in Avro too."""
    if isinstance(avro, list):
        return all(map(_one_to_one, avro))
    if isinstance(avro, dict):
        if avro["type"] == "array":
            return _one_to_one(avro["items"])
        return avro["type"] == "enum" or ("logicalType" in avro and "rounding" not in avro)
    return avro in ("string", "long", "boolean")


def holds_itself(place: Place) -> DerivationError:
    """The error for recursion, at the place that leads back."""
    return place.error(
        "a schema that holds itself cannot be expressed here",
        hint="readers of events know no recursion: write out as many levels as there are, or use an array",
    )
