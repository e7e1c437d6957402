"""Can a reader read what a writer wrote? The Avro specification's schema resolution (1.12, "Schema Resolution").

Where the specification leaves room, this does what Java's SchemaCompatibility does, which every registry runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.compatibility.avro import Avro, Schema, kind_of, short_name

PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}


class Place(NamedTuple):
    """JSON pointers of one thing in both schemas."""

    reader: str
    writer: str

    def at(self, part: str) -> Place:
        """The part of that name, in both."""
        return Place(f"{self.reader}/{part}", f"{self.writer}/{part}")


class Obstacle(NamedTuple):
    """Why reading fails: where, a rule id, and a sentence."""

    place: Place
    rule: str
    message: str


def obstacles(reader: Avro, writer: Avro) -> list[Obstacle]:
    """Everything that keeps `reader` from reading data of `writer`; empty if it reads them all."""
    return list(_Resolution(reader, writer).read(reader.root, writer.root, Place("", "")))


@dataclass
class _Resolution:
    reader: Avro
    writer: Avro
    assumed: set[tuple[str, str]] = field(default_factory=set)  # pairs in hand or done: recursion ends here
    failed: set[tuple[str, str]] = field(default_factory=set)

    def read(self, reader: Schema, writer: Schema, place: Place) -> Iterator[Obstacle]:
        reader, writer = self.reader.resolve(reader), self.writer.resolve(writer)
        if isinstance(writer, list):
            for index, branch in enumerate(writer):
                yield from self.read(reader, branch, Place(place.reader, f"{place.writer}/{index}"))
        elif isinstance(reader, list):
            if not any(self._reads(branch, writer) for branch in reader):
                yield from self._no_branch(reader, writer, place)
        else:
            yield from self._same(reader, writer, place)

    def _no_branch(self, reader: list[Schema], writer: Schema, place: Place) -> Iterator[Obstacle]:
        """What is wrong with the branch that should have read it; if there is none, that."""
        for index, branch in enumerate(reader):
            if _said(self.reader.resolve(branch)) == _said(writer):
                yield from self._same(
                    self.reader.resolve(branch), writer, place._replace(reader=f"{place.reader}/{index}")
                )
                return
        yield Obstacle(place, "type-removed", f"no branch of the reader's union reads {_said(writer)}")

    def _reads(self, reader: Schema, writer: Schema) -> bool:
        """Whether there is no obstacle. What succeeds and what fails is kept: each pair is looked at once."""
        reader = self.reader.resolve(reader)
        names = tuple(one["name"] if isinstance(one, Mapping) and "name" in one else "" for one in (reader, writer))
        pair = names[0], names[1]
        if pair in self.failed:
            return False
        trial = _Resolution(self.reader, self.writer, set(self.assumed), self.failed)
        if any(trial.read(reader, writer, Place("", ""))):
            if all(pair):
                self.failed.add(pair)
            return False
        self.assumed |= trial.assumed
        return True

    def _same(self, reader: Schema, writer: Schema, place: Place) -> Iterator[Obstacle]:
        kind, written = kind_of(reader), kind_of(writer)
        if kind != written:
            if kind not in PROMOTIONS.get(written, ()):
                yield Obstacle(place, "type-changed", f"{_said(writer)} cannot be read as {_said(reader)}")
        elif kind in ("array", "map"):
            key = "items" if kind == "array" else "values"
            yield from self.read(reader[key], writer[key], place.at(key))
        elif kind in ("record", "enum", "fixed"):
            yield from self._named(reader, writer, kind, place)

    def _named(
        self, reader: Mapping[str, Any], writer: Mapping[str, Any], kind: str, place: Place
    ) -> Iterator[Obstacle]:
        pair = reader["name"], writer["name"]
        if pair in self.assumed:
            return
        self.assumed.add(pair)
        if short_name(pair[0]) != short_name(pair[1]) and pair[1] not in reader["aliases"]:
            yield Obstacle(place.at("name"), "name-changed", f"{pair[1]} is not {pair[0]}")
        elif kind == "record":
            yield from self._record(reader, writer, place)
        elif kind == "enum":
            yield from _enum(reader, writer, place)
        elif reader["size"] != writer["size"]:
            message = f"{writer['size']} bytes are not {reader['size']}"
            yield Obstacle(place.at("size"), "size-changed", message)

    def _record(self, reader: Mapping[str, Any], writer: Mapping[str, Any], place: Place) -> Iterator[Obstacle]:
        written = {one["name"]: index for index, one in enumerate(writer["fields"])}
        for index, one in enumerate(reader["fields"]):
            names = [one["name"], *one["aliases"]]
            source = next((written[name] for name in names if name in written), None)
            mine = f"{place.reader}/fields/{index}"
            if source is not None:
                where = Place(f"{mine}/type", f"{place.writer}/fields/{source}/type")
                yield from self.read(one["type"], writer["fields"][source]["type"], where)
            elif "default" not in one:
                message = f"field {one['name']!r} is not in what was written and has no default"
                yield Obstacle(Place(mine, f"{place.writer}/fields"), "field-without-default", message)


def _enum(reader: Mapping[str, Any], writer: Mapping[str, Any], place: Place) -> Iterator[Obstacle]:
    missing = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if missing and "default" not in reader:
        message = f"the reader's enum lacks {', '.join(missing)} and has no default"
        yield Obstacle(place.at("symbols"), "enum-symbol-unknown", message)


def _said(schema: Schema) -> str:
    kind = kind_of(schema)
    return f"{kind} {schema['name']}" if isinstance(schema, Mapping) and "name" in schema else kind
