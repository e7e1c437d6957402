"""What the value of a keyword must be, and what to write instead of a keyword that cannot be supported."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from schemas.contract.formats import FORMATS
from schemas.json_files import Place

_CHOICE = "a field has one type: give each case an optional field of its own, or an event of its own"
_CONDITION = "a contract does not depend on other fields: make the cases events of their own, or write a quality rule"
_OPEN = "a map is an object of its own: additionalProperties with the schema of its values, and no properties"
_LIST = "all items have one schema; things in fixed places are the fields of an object"

HINTS = {
    **dict.fromkeys(("oneOf", "anyOf", "disallow", "not"), _CHOICE),
    **dict.fromkeys(("allOf", "extends"), "write the properties into one object"),
    **dict.fromkeys(("if", "then", "else", "dependencies", "dependentRequired", "dependentSchemas"), _CONDITION),
    **dict.fromkeys(("patternProperties", "propertyNames", "unevaluatedProperties"), _OPEN),
    **dict.fromkeys(("prefixItems", "additionalItems", "contains", "unevaluatedItems"), _LIST),
    **dict.fromkeys(("$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor"), "use $ref with a JSON pointer"),
    "minProperties": "Avro's maps have no size: use an array of objects with minItems",
    "maxProperties": "Avro's maps have no size: use an array of objects with maxItems",
    "multipleOf": "draft-03 calls it divisibleBy",
    "divisibleBy": "this draft calls it multipleOf",
    "const": "draft-03 has no const: use an enum of one value",
    "format": f"only a string has a format, and it is one of {', '.join(FORMATS)}",
}


def _is_whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError, RecursionError, OverflowError):
        return False
    return isinstance(value, str)


_WHOLE = (_is_whole, "a whole number from 0")
_NUMBER = (_is_number, "a number")
_DIVISOR = (lambda value: _is_number(value) and value > 0, "a number more than 0")
_TEXT = (lambda value: isinstance(value, str), "a text")
_OBJECT = (lambda value: isinstance(value, dict), "an object")

VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _WHOLE),
    **dict.fromkeys(("minimum", "maximum"), _NUMBER),
    **dict.fromkeys(("multipleOf", "divisibleBy"), _DIVISOR),
    **dict.fromkeys(("description", "title", "$comment"), _TEXT),
    **dict.fromkeys(("properties", "definitions", "$defs", "x-avro"), _OBJECT),
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
    "pattern": (_is_pattern, "a regular expression"),
    "format": (lambda value: isinstance(value, str) and value in FORMATS, f"one of {', '.join(FORMATS)}"),
    "enum": (lambda value: isinstance(value, list), "a list"),
}


def types_of(place: Place) -> list[str]:
    """The JSON types that the node allows, as a list whichever way it is written."""
    types = place.node.get("type", [])
    return [str(kind) for kind in types] if isinstance(types, list) else [str(types)]


def values_of(place: Place, kind: type) -> list[Any]:
    """The values that the node's `enum` or `const` allows, without null.

    Raises DerivationError if one is of another type, is there twice, or if null is among them and not among
    the types (or the reverse): it would be a branch that no event can take.
    """
    if {"enum", "const"} <= place.node.keys():
        raise place.error("enum or const, not both")
    values = place.node["enum"] if "enum" in place.node else [place.node["const"]]
    if (None in values) != ("null" in types_of(place)):
        raise place.error('null must be both among the values and in the "type", or in neither')
    found = [value for value in values if value is not None]
    if not found or not all(type(value) is kind for value in found) or len(set(found)) != len(found):
        raise place.error(f"the values must be at least one, distinct, and all of them {kind.__name__}")
    return found


def check_values(place: Place, draft: str) -> None:
    """Raise DerivationError if a keyword of the node has a value that it cannot have in this draft."""
    old = draft == "draft-03"
    bound = (lambda value: isinstance(value, bool), "true or false in draft-03") if old else _NUMBER
    wanted = {**VALUES, "exclusiveMinimum": bound, "exclusiveMaximum": bound}
    if old:
        wanted["required"] = (lambda value: isinstance(value, bool), "true or false in draft-03")
    for keyword, value in place.node.items():
        allowed, what = wanted.get(keyword, (None, ""))
        if allowed is not None and not allowed(value):
            raise place.error(f"{keyword} must be {what}, not {_short(value)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
