"""Where the drafts of JSON Schema differ: `required`, exclusive bounds, and which keywords there are."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from avrogate.errors import DerivationError
from schemas.json_files import Place
from schemas.keywords import HINTS, check_values, types_of, values_of

Required = Callable[[str], bool]

DRAFTS = {
    "http://json-schema.org/draft-03/schema": "draft-03",
    "http://json-schema.org/draft-07/schema": "draft-07",
    "https://json-schema.org/draft/2020-12/schema": "2020-12",
}

ANNOTATIONS = {"$schema", "$id", "id", "$comment", "title", "description", "examples", "x-avro", "type", "default"}

CONSTRAINTS = {
    "string": {"minLength", "maxLength", "pattern", "format"},
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
    "string": {"enum", "const", "contentEncoding"},
    "integer": {"enum", "const"},
    "array": {"items"},
    "object": {"properties", "additionalProperties", "required", "definitions", "$defs"},
}


EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}

# keywords that validators of other drafts ignore
OF_DRAFT = {
    "divisibleBy": {"draft-03"},
    "multipleOf": {"draft-07", "2020-12"},
    "const": {"draft-07", "2020-12"},
}


def draft_of(place: Place) -> str:
    """The draft that the file of `place` says it is written in. Raises DerivationError if unknown."""
    uri = str(place.root.node.get("$schema", "")).removesuffix("#")
    if uri not in DRAFTS:
        known = ", ".join(DRAFTS.values())
        hint = f'for example "$schema": "{list(DRAFTS)[-1]}"'
        raise place.root.error(f"$schema must name one of {known}, not {uri!r}", hint)
    return DRAFTS[uri]


def required_of(place: Place) -> Required:
    """Which properties of the object at `place` are required: a boolean each in draft-03, a list later."""
    properties = place.node.get("properties", {})
    if draft_of(place) == "draft-03":
        return lambda name: _required_here(place.child("properties", name))
    names = place.node.get("required", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise place.error("required must be a list of names in this draft")
    unknown = [name for name in names if name not in properties]
    if unknown:
        raise place.error(
            f"required names {unknown[0]!r}, which is not among the properties",
            hint="no event could be valid: add the property, or take the name out",
        )
    return frozenset(names).__contains__


def _required_here(place: Place) -> bool:
    required = place.node.get("required", False)
    if not isinstance(required, bool):
        raise place.error(f"required must be true or false in draft-03, not {required!r}")
    return required


def check_keywords(place: Place, kind: str) -> None:
    """Raise DerivationError if the node has a keyword that can be neither expressed nor enforced."""
    allowed = set(ANNOTATIONS)
    for each in types_of(place):
        allowed |= CONSTRAINTS.get(each, set()) | STRUCTURE.get(each, set())
    draft = draft_of(place)
    if draft == "draft-03":
        allowed |= {"required"}
    for keyword in place.node:
        if keyword not in allowed or draft not in OF_DRAFT.get(keyword, DRAFTS.values()):
            raise unsupported(place, keyword, kind)
    if place.pointer and place.node.keys() & {"$id", "id"}:
        raise place.error("$id only at the root of a file: inside it moves the $refs below it")
    check_values(place, draft)
    for key in sorted(place.node.get("x-avro", {}).keys() - X_AVRO):
        like = get_close_matches(key, X_AVRO, 1)
        raise place.error(f"x-avro has no {key!r}", hint=f"did you mean {like[0]!r}?" if like else None)


def unsupported(place: Place, keyword: str, kind: str) -> DerivationError:
    """The error for a keyword that nothing would hold events to."""
    return place.error(f"{keyword!r} can be neither expressed in Avro nor enforced for a {kind}", HINTS.get(keyword))


def constraints(place: Place) -> dict[str, Any]:
    """The constraints of a node in one form for all drafts (exclusive bounds as numbers, `multipleOf`)."""
    known = set[str]().union(*(CONSTRAINTS.get(kind, set()) for kind in types_of(place)))
    found: dict[str, Any] = {}
    for keyword, value in place.node.items():
        exclusive = EXCLUSIVE.get(keyword, "")
        if keyword not in known or value is False:
            continue  # uniqueItems and draft-03's exclusive bounds say nothing if they are false
        if keyword in EXCLUSIVE.values() and value is True:
            _require_bound(place, keyword)
        elif place.node.get(exclusive) is True:
            found[exclusive] = value
        else:
            found["multipleOf" if keyword == "divisibleBy" else keyword] = value
    if "integer" in types_of(place) and place.node.keys() & {"enum", "const"}:
        found["enum"] = values_of(place, int)
    return found


def _require_bound(place: Place, exclusive: str) -> None:
    for bound, name in EXCLUSIVE.items():
        if name == exclusive and bound not in place.node:
            raise place.error(f"{exclusive} needs a {bound} beside it in this draft")


__all__ = [
    "CONSTRAINTS",
    "check_keywords",
    "constraints",
    "draft_of",
    "required_of",
    "types_of",
    "unsupported",
    "values_of",
]
