"""One version against an earlier one, at a compatibility level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.compatibility.avro import Avro
from schemas.compatibility.findings import Problem
from schemas.compatibility.misreadings import misreadings
from schemas.compatibility.normal import DEEPEST, InvalidAvro, normalize
from schemas.compatibility.resolution import obstacles

NEW_EVENT = "leave it as it is, or make a new event beside this one"
ADVICE = {
    "field-without-default": "make the field optional (null first, default null), or make a new event",
    "enum-symbol-unknown": "add a new optional field for it, or make a new event (a default helps from v1 on only)",
}

# a level that asks only one of the two to read the other lets these pass; the rest is wrong at any level
FORWARD_ONLY = {"bounds-loosened", "field-removed"}
BACKWARD_ONLY = {"bounds-tightened", "enum-symbol-removed"}

# what says the same as an obstacle at or above its place, in better words
EXPLAINS = {"field-renamed", "field-removed", "name-changed", "enum-symbol-removed", "type-changed"}


def compare(older: Any, newer: Any, level: str, *, external: bool = False) -> list[Problem]:
    """What is wrong with `newer` beside `older`, two Avro schemas as JSON values; empty if nothing is.

    `level` is a registry's (BACKWARD, FORWARD, FULL, with or without _TRANSITIVE; NONE): which of the two must
    read the other. What changes the meaning of bytes is wrong at any level. With `external` the schemas may
    name types that are defined elsewhere. A schema that is no Avro is one problem, `invalid-schema`.
    """
    try:
        before, after = normalize(older, external=external), normalize(newer, external=external)
        return _compare(before, after, level.removesuffix("_TRANSITIVE"))
    except InvalidAvro as error:
        return [invalid(error.message, error.pointer)]
    except RecursionError:
        return [invalid(f"the records hold each other much more than {DEEPEST} deep", "")]


def invalid(message: str, pointer: str = "") -> Problem:
    """The one problem of a text that is no Avro schema."""
    return Problem("invalid-schema", pointer, message, "write a schema that the Avro specification allows")


def _compare(older: Avro, newer: Avro, level: str) -> list[Problem]:
    passed = {"BACKWARD": FORWARD_ONLY, "FORWARD": BACKWARD_ONLY, "NONE": FORWARD_ONLY | BACKWARD_ONLY}.get(
        level, set()
    )
    found = [one for one in misreadings(older, newer) if one.rule not in passed]
    problems = {(one.rule, one.pointer): one for one in found}
    for one in _resolution(older, newer, level):
        if not any(_explains(other, one) for other in found):
            problems.setdefault((one.rule, one.pointer), one)
    removed = [one.pointer for one in problems.values() if one.rule == "type-removed"]
    for pointer in removed:  # both ways round: of a union, and of the branch within it
        if any(other.startswith(f"{pointer}/") for other in removed):
            del problems["type-removed", pointer]
    return sorted(problems.values(), key=lambda one: (one.pointer, one.rule))


def _explains(known: Problem, obstacle: Problem) -> bool:
    return known.rule in EXPLAINS and f"{known.pointer}/".startswith(f"{obstacle.pointer}/")


def _resolution(older: Avro, newer: Avro, level: str) -> Iterator[Problem]:
    if level in ("BACKWARD", "FULL"):
        for one in obstacles(newer, older):
            what = f"the new version cannot read what the old one wrote: {one.message}"
            yield Problem(one.rule, one.place.reader, what, ADVICE.get(one.rule, NEW_EVENT))
    if level in ("FORWARD", "FULL"):
        for one in obstacles(older, newer):
            what = f"the old version cannot read what the new one writes: {one.message}"
            yield Problem(one.rule, one.place.writer, what, ADVICE.get(one.rule, NEW_EVENT))
