"""Every place of a JSON Schema where an event has a value, every keyword there, and which of them an event broke.

A keyword's path is written as `jsonschema` writes an error's `absolute_schema_path`: `$ref`s are followed and do
not show. Beyond that path, `required` goes on with the name that is missing, in all drafts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import localcontext
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from schemas.contract.scalars import EXACT
from schemas.json_files import Place, follow, load
from schemas.validate import parse, validator

Steps = tuple[str, ...]
EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
HELD_BY_ANOTHER = {"required", *EXCLUSIVE.values()}  # in draft-03, by `properties`, `minimum`, `maximum`
APPLY = {"properties", "items", "additionalProperties"}  # broken when something under them is


@dataclass(frozen=True)
class Node:
    """One place of the schema; `target` is what a `$ref` there finally leads to."""

    steps: Steps
    target: Place

    @cached_property
    def exact(self) -> dict[str, Any]:
        """The node with its bounds as decimals, as they are written."""
        found: dict[str, Any] = parse(json.dumps(dict(self.target.node)))
        return found

    @cached_property
    def kinds(self) -> list[str]:
        """The types that it allows."""
        kinds = self.exact["type"]
        return kinds if isinstance(kinds, list) else [kinds]

    @cached_property
    def required(self) -> list[str]:
        """The names that an object here must have."""
        listed = self.exact.get("required")
        if isinstance(listed, list):
            return listed
        return [name for name, inner in self.exact.get("properties", {}).items() if inner.get("required") is True]

    @cached_property
    def keywords(self) -> list[Steps]:
        """The paths of the keywords here that an event can break, by the library's own list of them."""
        known = _judge(self.target.file).inner.VALIDATORS.keys() | HELD_BY_ANOTHER
        said = [name for name, value in self.exact.items() if name in known and name != "required"]
        alone = [(*self.steps, name) for name in said if self.exact[name] is not False or name in APPLY]
        return alone + [self.missing(name) for name in self.required]

    def missing(self, name: str) -> Steps:
        """The path of `required` for one property."""
        return (*self.steps, "required", name)

    @cached_property
    def _alone(self) -> Validator:
        """What judges a value here without what is below it."""
        own = {name: value for name, value in self.exact.items() if name not in APPLY | {"required"}}
        return _judge(self.target.file).inner.evolve(schema=own)

    def broken_by(self, value: Any) -> set[str]:
        """The keywords of this node alone that a value breaks."""
        with localcontext(EXACT):
            return {_path(error)[-1] for error in self._alone.iter_errors(value)}


_judge = cache(validator)


def nodes(file: Path) -> list[Node]:
    """The nodes of a schema file, the event itself first."""
    return list(_nodes(load(file.resolve()), ()))


def _nodes(place: Place, steps: Steps) -> Iterator[Node]:
    target = follow(place)
    yield Node(steps, target)
    for name in target.node.get("properties", {}):
        yield from _nodes(target.child("properties", name), (*steps, "properties", name))
    for name in ("items", "additionalProperties"):
        if isinstance(target.node.get(name), Mapping):
            yield from _nodes(target.child(name), (*steps, name))


def broken(errors: list[ValidationError]) -> set[Steps]:
    """The paths of the keywords that the errors of one event name."""
    return {_path(error) for error in errors}


def above(path: Steps) -> Iterator[Steps]:
    """The applicators that a broken keyword breaks as well."""
    for length in range(1, len(path)):
        if path[length - 1] in APPLY:
            yield path[:length]


def _path(error: ValidationError) -> Steps:
    path = tuple(str(step) for step in error.absolute_schema_path)
    keyword = str(error.validator)
    if keyword == "required":
        if error.validator_value is True:
            return (*path[:-3], "required", path[-2])
        (name,) = [name for name in error.validator_value if error.message == f"{name!r} is a required property"]
        return (*path, name)
    exclusive, schema = EXCLUSIVE.get(keyword), error.schema
    if isinstance(schema, dict) and schema.get(exclusive) is True and error.instance == error.validator_value:
        return (*path[:-1], str(exclusive))
    return path
