"""JSON Schema files: reading them strictly and following `$ref` between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avrogate.errors import DerivationError

Node = Mapping[str, Any]

# what may stand beside a $ref: `required` belongs to the object around it in draft-03, the rest constrains nothing
BESIDE_REFERENCE = {"$ref", "$comment", "title", "description", "required", "x-avro"}


@dataclass(frozen=True)
class Place:
    """A node of a JSON Schema and where it stands."""

    file: Path
    pointer: str
    node: Node

    @property
    def source(self) -> str:
        """Short name of the file for messages: its last three parts (`raw/init/v1.json`)."""
        return "/".join(self.file.parts[-3:])

    def child(self, *keys: str) -> Place:
        """The node under `keys`. Raises DerivationError if it is not an object."""
        node: Any = self.node
        pointer = self.pointer
        for key in keys:
            node = node[key]
            pointer += "/" + key.replace("~", "~0").replace("/", "~1")
        if not isinstance(node, dict):
            raise DerivationError("a schema must be a JSON object here", source=self.source, pointer=pointer)
        return Place(self.file, pointer, node)

    def error(self, message: str, hint: str | None = None) -> DerivationError:
        """An error that names this place."""
        return DerivationError(message, source=self.source, pointer=self.pointer, hint=hint)


def load(file: Path) -> Place:
    """Read one JSON Schema file; its root.

    Raises DerivationError if it is unreadable, not JSON, has a key twice, or is not an object.
    """
    source = "/".join(file.parts[-3:])
    try:
        content = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except (OSError, ValueError, RecursionError) as error:
        raise DerivationError(f"cannot be read: {error}", source=source, pointer="") from error
    if not isinstance(content, dict):
        raise DerivationError("a schema must be a JSON object", source=source, pointer="")
    return Place(file, "", content)


def follow(place: Place) -> Place:
    """The node that `place` finally refers to; `place` itself if it has no `$ref`.

    Only files beside the schema are followed, so that a derivation depends on nothing outside.
    Raises DerivationError for a remote, dangling or circular reference, and for a keyword beside `$ref` that
    some drafts ignore and others obey.
    """
    seen: set[tuple[Path, str]] = set()
    while "$ref" in place.node:
        for keyword in sorted(place.node.keys() - BESIDE_REFERENCE):
            raise place.error(f"{keyword!r} beside $ref: some drafts ignore it, others obey it")
        if (place.file, place.pointer) in seen:
            raise place.error(f"$ref goes round in a circle: {place.node['$ref']}")
        seen.add((place.file, place.pointer))
        place = _target(place)
    return place


def _target(place: Place) -> Place:
    reference = place.node["$ref"]
    if not isinstance(reference, str) or "://" in reference:
        raise place.error(f"$ref must name a file beside this one, not {reference!r}")
    file_part, _, fragment = reference.partition("#")
    file = (place.file.parent / file_part).resolve() if file_part else place.file
    root = load(file) if file_part else Place(file, "", load(file).node)
    keys = [key.replace("~1", "/").replace("~0", "~") for key in fragment.split("/")[1:]]
    try:
        return root.child(*keys)
    except (KeyError, TypeError) as error:
        raise place.error(f"$ref leads nowhere: {reference}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return result
