"""JSON Schema files: reading them strictly and following `$ref` between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote

from avrogate.errors import DerivationError

Node = Mapping[str, Any]

# what may stand beside a $ref: `required` belongs to the object around it in draft-03, the rest constrains nothing
BESIDE_REFERENCE = {"$ref", "$comment", "title", "description", "required", "x-avro"}


@dataclass(frozen=True)
class Place:
    """A node of a JSON Schema and where it stands.

    `opened` holds the files that were read on the way here, so that each is read once and seen in one state.
    """

    file: Path
    pointer: str
    node: Node
    opened: dict[Path, Node] = field(default_factory=dict, compare=False, repr=False)

    @property
    def source(self) -> str:
        """Short name of the file for messages: its last three parts (`raw/init/v1.json`)."""
        return "/".join(self.file.parts[-3:])

    @property
    def root(self) -> Place:
        """The root of the file."""
        return Place(self.file, "", self.opened.get(self.file, self.node), self.opened)

    def child(self, *keys: str) -> Place:
        """The node under `keys`. Raises DerivationError if it is not an object."""
        node: Any = self.node
        pointer = self.pointer
        for key in keys:
            node = node[key]
            pointer += "/" + key.replace("~", "~0").replace("/", "~1")
        if not isinstance(node, dict):
            raise DerivationError("a schema must be a JSON object here", source=self.source, pointer=pointer)
        return Place(self.file, pointer, node, self.opened)

    def error(self, message: str, hint: str | None = None) -> DerivationError:
        """An error that names this place."""
        return DerivationError(message, source=self.source, pointer=self.pointer, hint=hint)


def load(file: Path) -> Place:
    """Read one JSON Schema file; its root.

    Raises DerivationError if it is unreadable, not JSON, has a key twice, a number that a 64-bit float does not
    hold as it is written, text that has no UTF-8, or is not an object.
    """
    source = "/".join(file.parts[-3:])
    try:
        content = _parsed(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DerivationError(f"cannot be read: {error}", source=source, pointer="") from error
    if not isinstance(content, dict):
        raise DerivationError("a schema must be a JSON object", source=source, pointer="")
    return Place(file, "", content, {file: content})


def follow(place: Place) -> Place:
    """The node that `place` finally refers to; `place` itself if it has no `$ref`.

    Only files beside the schema are followed, so that a derivation depends on nothing outside.
    Raises DerivationError for a remote, dangling or circular reference, and for a keyword beside `$ref` that
    some drafts ignore and others obey.
    """
    seen: set[tuple[Path, str]] = set()
    while "$ref" in place.node:
        for keyword in sorted(place.node.keys() - BESIDE_REFERENCE):
            raise place.error(
                f"{keyword!r} beside $ref: some drafts ignore it, others obey it",
                hint="write it where $ref leads to, or write the schema out here",
            )
        if (place.file, place.pointer) in seen:
            raise place.error(f"$ref goes round in a circle: {place.node['$ref']}")
        seen.add((place.file, place.pointer))
        place = _target(place)
    return place


def _target(place: Place) -> Place:
    reference = place.node["$ref"]
    if not isinstance(reference, str) or "://" in reference:
        raise place.error(
            f"$ref must name a file beside this one, not {reference!r}",
            hint="copy the schema into a file of the schema folder: a derivation asks no server",
        )
    file_part, _, fragment = reference.partition("#")
    if fragment and not fragment.startswith("/"):
        raise place.error(f"$ref must be a JSON pointer (#/definitions/name), not {reference!r}")
    root = _other_file(place, file_part) if file_part else place.root
    keys = [unquote(key).replace("~1", "/").replace("~0", "~") for key in fragment.split("/")[1:]]
    try:
        return root.child(*keys)
    except (KeyError, TypeError) as error:
        raise place.error(f"$ref leads nowhere: {reference}") from error


def _other_file(place: Place, name: str) -> Place:
    for keyword in ("$id", "id"):
        if keyword in place.root.node:
            raise place.error(f"a file with {keyword!r} moves its $refs: {name!r} is another file to each reader")
    file = (place.file.parent / unquote(name)).resolve()
    if file not in place.opened:
        place.opened[file] = load(file).node
    return Place(file, "", place.opened[file], place.opened)


def _parsed(text: str) -> Any:
    if text.startswith("\ufeff"):
        raise ValueError("it starts with a byte order mark")
    content = json.loads(text, object_pairs_hook=_unique, parse_float=_float, parse_constant=_refuse)
    json.dumps(content, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
    return content


def _float(literal: str) -> float:
    number = float(literal)
    if number in (float("inf"), float("-inf")) or Decimal(repr(number)) != Decimal(literal):
        raise ValueError(f"{literal[:60]} has more digits than a number of 64 bits holds")
    return number


def _refuse(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is not a number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} is there twice")
    return result
