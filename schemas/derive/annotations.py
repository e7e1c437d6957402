"""What the `x-avro` of a node says."""

from __future__ import annotations

from typing import Any

from schemas.json_files import Place

# a field that an event takes from its user's profile, or gives to it; the quality processor reads these
PROFILE = ("from-profile", "sets-profile")
# what x-avro says of which type, beside PROFILE
MEANING = {
    "string": {"type", "enum"},
    "integer": {"logicalType", "unit"},
    "number": {"logicalType", "precision", "scale", "rounding"},
    "object": {"record"},
}


def annotation(place: Place, key: str) -> Any:
    """What the node's `x-avro` says under `key`, or None."""
    found = place.node.get("x-avro", {})
    if not isinstance(found, dict):
        raise place.error("x-avro must be an object")
    return found.get(key)


def check_meaning(target: Place, kind: str) -> None:
    """Raise DerivationError if `x-avro` says something that has no meaning for the type."""
    for key in sorted(target.node.get("x-avro", {}).keys() - MEANING.get(kind, set()) - set(PROFILE)):
        raise target.error(f"x-avro {key!r} has no meaning for the type {kind}")


def check_beside_reference(place: Place) -> None:
    """Raise DerivationError if `x-avro` beside a $ref says something that only the node it leads to can say."""
    annotation(place, "")
    for key in sorted(place.node.get("x-avro", {}).keys() - set(PROFILE)):
        raise place.error(f"x-avro {key!r} beside $ref has no meaning", hint="write it where $ref leads to")
