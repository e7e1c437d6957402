"""Changes that every registry lets pass, and that readers take for another value than was written.

The two versions are walked side by side; pointers are into the newer one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.compatibility.avro import Avro, Schema, kind_of, logical_type, mapping, short_name
from schemas.compatibility.bounds import bounds
from schemas.compatibility.enums import enum_changes
from schemas.compatibility.fields import NEW_FIELD, defaults, properties, removed
from schemas.compatibility.findings import Problem

NUMBERS = {"int", "long"}
TEXTS = {"string", "bytes"}


def misreadings(older: Avro, newer: Avro) -> list[Problem]:
    """Every such change from `older` to `newer`."""
    return list(_SideBySide(older, newer).walk(older.root, newer.root, ""))


@dataclass
class _SideBySide:
    older: Avro
    newer: Avro
    seen: set[tuple[str, str]] = field(default_factory=set)

    def walk(self, older: Schema, newer: Schema, pointer: str) -> Iterator[Problem]:
        older, newer = self.older.resolve(older), self.newer.resolve(newer)
        if isinstance(older, list) or isinstance(newer, list):
            yield from self._union(older, newer, pointer)
            return
        kinds = {kind_of(older), kind_of(newer)}
        if kinds == TEXTS:
            message = f"the type is {kind_of(newer)} and was {kind_of(older)}: bytes are not always text"
            yield Problem("type-changed", pointer, message, NEW_FIELD)
        if len(kinds) == 1 or kinds == NUMBERS:
            yield from _logical(older, newer, pointer)
        if len(kinds) == 1:
            yield from self._parts(older, newer, pointer)

    def _parts(self, older: Schema, newer: Schema, pointer: str) -> Iterator[Problem]:
        kind = kind_of(newer)
        if kind in ("array", "map"):
            key = "items" if kind == "array" else "values"
            yield from self.walk(older[key], newer[key], f"{pointer}/{key}")
        if kind not in ("record", "enum", "fixed") or (older["name"], newer["name"]) in self.seen:
            return
        self.seen.add((older["name"], newer["name"]))
        yield from _name(older, newer, pointer)
        if kind == "enum":
            yield from enum_changes(older, newer, pointer)
        if kind == "record":
            yield from self._record(older, newer, pointer)

    def _record(self, older: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
        yield from removed(older["fields"], newer["fields"], pointer)
        yield from defaults(newer["fields"], self.newer, pointer)
        before = {one["name"]: one for one in older["fields"]}
        for index, one in enumerate(newer["fields"]):
            old = before.get(one["name"]) or next((before[name] for name in one["aliases"] if name in before), None)
            if old is None:
                continue
            place = f"{pointer}/fields/{index}"
            if old["name"] == one["name"]:
                yield from properties(old, one, place)
            yield from bounds(
                mapping(old.get("contract")), mapping(one.get("contract")), f"{place}/contract", one["name"]
            )
            yield from self.walk(old["type"], one["type"], f"{place}/type")

    def _union(self, older: Schema, newer: Schema, pointer: str) -> Iterator[Problem]:
        before = older if isinstance(older, list) else [older]
        after = newer if isinstance(newer, list) else [newer]
        kept: list[int] = []
        for index, branch in enumerate(after):
            place = f"{pointer}/{index}" if isinstance(newer, list) else pointer
            found = self._partner(before, self.newer.resolve(branch))
            if found is not None:
                kept += [found] if branch != "null" else []
                yield from self.walk(before[found], branch, place)
        if kept != sorted(kept):
            message = "the union's branches are in another order: readers that name them by position swap them"
            advice = "keep the order; a new branch goes to the end"
            yield Problem("union-reordered", pointer, f"{message} (Spark's member0, member1)", advice)

    def _partner(self, before: list[Schema], branch: Schema) -> int | None:
        """The old branch that a new one stands for: of one kind, and by the best match of names."""
        kind, name = kind_of(branch), _named(branch)
        same = [(index, self.older.resolve(one)) for index, one in enumerate(before)]
        same = [(index, one) for index, one in same if kind_of(one) == kind]
        exact = [index for index, one in same if _named(one) == name]
        short = [index for index, one in same if short_name(_named(one)) == short_name(name)]
        if exact or short:
            return (exact or short)[0]
        return same[0][0] if len(same) == 1 else None


def _named(schema: Schema) -> str:
    return str(schema["name"]) if isinstance(schema, Mapping) and "name" in schema else ""


def _name(older: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    if older["name"] != newer["name"]:
        message = f"{newer['name']} was called {older['name']}"
        if not pointer:
            message += ": under TopicRecordNameStrategy that is another subject"
        yield Problem(
            "name-changed", f"{pointer}/name", message, "keep name and namespace; a new name is a new event"
        )


def _logical(older: Schema, newer: Schema, pointer: str) -> Iterator[Problem]:
    before, after = logical_type(older), logical_type(newer)
    if before != after:
        message = (
            f"the logical type is {after or 'none'} and was {before or 'none'}: the same bytes mean another value"
        )
        yield Problem("logical-type-changed", f"{pointer}/logicalType", message, NEW_FIELD)
    elif before == "decimal":
        for key, unsaid in (("scale", 0), ("precision", 0), ("rounding", "none")):
            was, now = older.get(key, unsaid), newer.get(key, unsaid)
            if was != now:
                message = f"the decimal's {key} is {now} and was {was}{_example(was, now) if key == 'scale' else ''}"
                yield Problem(f"decimal-{key}-changed", f"{pointer}/{key}", message, NEW_FIELD)


def _example(was: Any, now: Any) -> str:
    if not all(isinstance(one, int) and 0 <= one < 20 for one in (was, now)):
        return ""
    return f": {999 / 10**was:.{was}f} as written before is read as {999 / 10**now:.{now}f}"
