"""Where the drafts of JSON Schema differ: `required`, exclusive bounds, and which keywords there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.json_files import Place, load

Required = Callable[[str], bool]

DRAFTS = {
    "http://json-schema.org/draft-03/schema": "draft-03",
    "http://json-schema.org/draft-07/schema": "draft-07",
    "https://json-schema.org/draft/2020-12/schema": "2020-12",
}

ANNOTATIONS = {"$schema", "$id", "id", "$comment", "title", "description", "examples", "x-avro", "type"}

CONSTRAINTS = {
    "string": {"minLength", "maxLength", "pattern"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "divisibleBy"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "divisibleBy"},
    "array": {"minItems", "maxItems", "uniqueItems"},
    "boolean": set[str](),
    "null": set[str](),
    "object": set[str](),
}

X_AVRO = {
    "record", "namespace", "enum", "type", "logicalType", "unit", "precision", "scale", "rounding",
    "from-profile", "sets-profile",
}  # fmt: skip

STRUCTURE = {
    "string": {"enum", "contentEncoding"},
    "array": {"items"},
    "object": {"properties", "additionalProperties", "required", "definitions", "$defs"},
}


def draft_of(place: Place) -> str:
    """The draft that the file of `place` says it is written in. Raises DerivationError if unknown."""
    root = load(place.file) if place.pointer else place
    uri = str(root.node.get("$schema", "")).removesuffix("#")
    if uri not in DRAFTS:
        known = ", ".join(DRAFTS.values())
        raise root.error(f"$schema must name one of {known}, not {uri!r}")
    return DRAFTS[uri]


def required_of(place: Place) -> Required:
    """Which properties of the object at `place` are required: a boolean each in draft-03, a list later."""
    if draft_of(place) == "draft-03":
        properties = place.node.get("properties", {})
        return lambda name: properties[name].get("required", False) is True
    names = place.node.get("required", [])
    if not isinstance(names, list):
        raise place.error("required must be a list of names in this draft")
    unknown = [name for name in names if name not in place.node.get("properties", {})]
    if unknown:
        raise place.error(f"required names {unknown[0]!r}, which is not among the properties")
    return lambda name: name in names


def types_of(place: Place) -> list[str]:
    """The JSON types that the node allows, as a list whichever way it is written."""
    types = place.node.get("type", [])
    return [str(kind) for kind in types] if isinstance(types, list) else [str(types)]


def check_keywords(place: Place, kind: str) -> None:
    """Raise DerivationError if the node has a keyword that can be neither expressed nor enforced."""
    allowed = set(ANNOTATIONS)
    for each in types_of(place):
        allowed |= CONSTRAINTS.get(each, set()) | STRUCTURE.get(each, set())
    if draft_of(place) == "draft-03":
        allowed |= {"required"}
    for keyword in place.node:
        if keyword not in allowed:
            raise place.error(f"{keyword!r} can be neither expressed in Avro nor enforced for a {kind}")
    annotations = place.node.get("x-avro", {})
    if not isinstance(annotations, dict):
        raise place.error("x-avro must be an object")
    for key in sorted(annotations.keys() - X_AVRO):
        raise place.error(f"x-avro has no {key!r}")


def constraints(place: Place) -> dict[str, Any]:
    """The constraints of a node in one form for all drafts (exclusive bounds as numbers, `multipleOf`)."""
    known = set[str]().union(*(CONSTRAINTS.get(kind, set()) for kind in types_of(place)))
    found = {keyword: place.node[keyword] for keyword in place.node if keyword in known}
    if "divisibleBy" in found:
        found["multipleOf"] = found.pop("divisibleBy")
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if found.get(exclusive) is False:
            found.pop(exclusive)
        elif found.get(exclusive) is True:
            if bound not in found:
                raise place.error(f"{exclusive} needs a {bound} beside it in this draft")
            found[exclusive] = found.pop(bound)
    return found
