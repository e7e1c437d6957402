"""The fields of two versions of a record: renamed, removed, and what is said beside their types."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.compatibility.avro import Avro, fits, kind_of
from schemas.compatibility.findings import Problem

NEW_FIELD = "leave the field as it is and add a new optional field beside it, or a new event beside this one"
ADD_DEPRECATE = "add a new optional field, and mark the old one as deprecated in its description"

# what a derived field says of its JSON side and of its enrichment, and no registry looks at
TOLD = {
    "json-name": "the JSON name",
    "json-unit": "the unit in JSON",
    "json-null": "whether JSON's null is allowed instead",
    "json-optional": "whether JSON may leave out the value",
    "from-profile": "the part of the user's profile",
    "sets-profile": "the part of the user's profile that is set by the value",
}

Fields = list[Mapping[str, Any]]


def removed(older: Fields, newer: Fields, pointer: str) -> Iterator[Problem]:
    """Fields that are gone: under another name (by an alias, or a new field of the same shape), or altogether."""
    before, after = ({one["name"] for one in fields} for fields in (older, newer))
    gone = {one["name"]: one for one in older if one["name"] not in after}
    fresh = {index: one for index, one in enumerate(newer) if one["name"] not in before}
    for name, field in gone.items():
        index = _successor(field, fresh)
        if index is None:
            message = f"field {name!r} is gone: whoever reads it gets its default from now on, without a word"
            yield Problem("field-removed", f"{pointer}/fields", message, "keep the field, and mark it as deprecated")
            continue
        place, to = f"{pointer}/fields/{index}", fresh.pop(index)["name"]
        message = f"field {name!r} is now called {to!r}: a reader that knows one name finds nothing under the other"
        yield Problem("field-renamed", place, message, ADD_DEPRECATE)


def _successor(field: Mapping[str, Any], fresh: Mapping[int, Mapping[str, Any]]) -> int | None:
    """The new field that has the alias of the old one, or its type and properties."""
    for index, one in fresh.items():
        if field["name"] in one["aliases"]:
            return index
    silent = ("name", "aliases", "doc", "json-name", "default")
    shape = {key: value for key, value in field.items() if key not in silent}
    for index, one in fresh.items():
        same = {key: value for key, value in one.items() if key not in silent} == shape
        if same and ("default" in one) == ("default" in field):
            return index
    return None


def properties(older: Mapping[str, Any], newer: Mapping[str, Any], place: str) -> Iterator[Problem]:
    """What changed beside a field's type: its JSON name, its unit, its default."""
    for key, what in TOLD.items():
        if older.get(key) != newer.get(key):
            message = f"{what} of {newer['name']!r} is {_said(newer, key)} and was {_said(older, key)}"
            yield Problem(f"{key}-changed", f"{place}/{key}", message, NEW_FIELD)
    if "default" in older and "default" in newer and _differ(older["default"], newer["default"]):
        before, after = (reprlib.repr(one["default"]) for one in (older, newer))
        message = (
            f"the default of {newer['name']!r} is {after} and was {before}: "
            "an event without the field reads as another value in each version"
        )
        yield Problem("default-changed", f"{place}/default", message, "keep the default")


def defaults(newer: Fields, avro: Avro, pointer: str) -> Iterator[Problem]:
    """Defaults that some reader refuses: of a union's they take the first branch (the specification up to 1.11)."""
    for index, field in enumerate(newer):
        if "default" not in field:
            continue
        kind = avro.resolve(field["type"])
        branch = avro.resolve(kind[0]) if isinstance(kind, list) and kind else kind
        if not fits(field["default"], branch):
            message = (
                f"the default {reprlib.repr(field['default'])} of {field['name']!r} is no {kind_of(branch)}"
                f"{', the first branch of its union' if isinstance(kind, list) else ''}"
            )
            advice = "put the default's branch first (null first, default null)"
            yield Problem("default-invalid", f"{pointer}/fields/{index}/default", message, advice)


def _said(field: Mapping[str, Any], key: str) -> str:
    return repr(field[key]) if key in field else "not said"


def _differ(one: Any, other: Any) -> bool:
    return one != other or isinstance(one, bool) != isinstance(other, bool)
