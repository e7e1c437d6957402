"""Bounds that moved. Avro has none; ours travel as field properties, and registries look past them.

loosened   a reader that relies on the old bound gets values it was promised never to see
tightened  a reader that relies on the new bound meets old values outside it, and old writers are refused
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.compatibility.avro import mapping
from schemas.compatibility.findings import Problem

LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
HURTS = {
    "loosened": "readers that rely on the old bound",
    "tightened": "writers that keep to the old bound, and readers of old data",
    "changed": "readers and writers",
}
ADVICE = {
    "loosened": "keep the bound; wider values are a new optional field or a new event",
    "tightened": "keep the bound, and refuse what is too wide in a quality rule",
    "changed": "keep the bound; another one is a new optional field or a new event",
}


def bounds(older: Mapping[str, Any], newer: Mapping[str, Any], place: str, name: str) -> Iterator[Problem]:
    """Every bound of a field that differs, with what it does and to whom."""
    for key in sorted({*older, *newer}):
        before, after = older.get(key), newer.get(key)
        if before == after:
            continue
        if isinstance(before, Mapping) or isinstance(after, Mapping):
            yield from bounds(mapping(before), mapping(after), f"{place}/{key}", name)
            continue
        effect = _effect(key, before, after)
        message = f"{key} of {name!r} is {_said(after)} and was {_said(before)}: {effect} for {HURTS[effect]}"
        yield Problem(f"bounds-{effect}", f"{place}/{key}", message, ADVICE[effect])


def _effect(key: str, before: Any, after: Any) -> str:
    if before is None or after is None:
        return "tightened" if before is None else "loosened"
    if key == "enum" and isinstance(before, list) and isinstance(after, list):
        kept = [one for one in before if one in after]
        if kept in (before, after):  # only more, or only fewer
            return "loosened" if kept == before else "tightened"
    if key in LOWER | UPPER and all(isinstance(one, int | float) for one in (before, after)):
        return "tightened" if (after > before) == (key in LOWER) else "loosened"
    return "changed"


def _said(bound: Any) -> str:
    return "absent" if bound is None else str(bound)
