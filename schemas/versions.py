"""One version of one schema: its files, its names, its Avro schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from avrogate.errors import CatalogError
from schemas.names import subject


@dataclass(frozen=True)
class Reference:
    """A record in a file of its own that a schema refers to by its full name."""

    name: str
    version: SchemaVersion


@dataclass(frozen=True)
class SchemaVersion:
    """Version `number` of an event (or shared type) in one stage, as it lies in the schema folder."""

    folder: Path
    topic: str
    stage: str
    event: str
    number: int

    def __str__(self) -> str:
        return f"{self.stage}/{self.event}/v{self.number}"

    @property
    def json_file(self) -> Path:
        """The JSON Schema that people write."""
        return self.folder / "json" / self.stage / self.event / f"v{self.number}.json"

    @property
    def avro_file(self) -> Path:
        """The Avro schema derived from it."""
        return self.folder / "avro" / self.stage / self.event / f"v{self.number}.avsc"

    @cached_property
    def text(self) -> str:
        """The derived Avro schema as it is checked in. Raises CatalogError if it is not there."""
        try:
            return self.avro_file.read_text(encoding="utf-8")
        except OSError as error:
            raise CatalogError(f"{self}: no derived Avro schema", hint="run `avrogate schemas derive`") from error

    @cached_property
    def avro(self) -> dict[str, Any]:
        """The derived Avro schema, references by name."""
        schema: dict[str, Any] = json.loads(self.text)
        return schema

    @cached_property
    def record(self) -> str:
        """Full name of the Avro record."""
        return f"{self.avro['namespace']}.{self.avro['name']}"

    @property
    def short_name(self) -> str:
        """The record's name without its namespace: how KPIs, reports and consumers name an event."""
        return str(self.avro["name"])

    @property
    def field_names(self) -> list[str]:
        """The Avro names of the record's fields."""
        return [field["name"] for field in self.avro["fields"]]

    def field_of(self, json_name: str) -> str | None:
        """The Avro name of the field that JSON calls `json_name`, or None if there is none."""
        return next((field["name"] for field in self.avro["fields"] if field["json-name"] == json_name), None)

    @cached_property
    def subject(self) -> str:
        """Subject in the registry."""
        return subject(self.topic, self.record)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The shared records that this schema refers to, directly."""
        return tuple(
            Reference(
                entry["name"],
                SchemaVersion(self.folder, self.topic, self.stage, entry["type"], entry["version"]),
            )
            for entry in self.avro.get("references", ())
        )

    @cached_property
    def resolved(self) -> dict[str, Any]:
        """The Avro schema as one piece: each referenced record written out where it is first named."""
        return resolve(self.avro, self._named())

    def _named(self) -> dict[str, dict[str, Any]]:
        """Every record that this schema refers to, directly or not, by its full name."""
        named: dict[str, dict[str, Any]] = {}
        for reference in self.references:
            named |= {reference.name: reference.version.avro, **reference.version._named()}
        return named


def resolve(schema: dict[str, Any], named: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Write the records of `named` (full name to schema) out where `schema` first names them.

    Readers without a registry (Spark, fastavro) take one text; a record may be defined in it only once.
    """
    pending = dict(named)

    def walk(node: Any) -> Any:
        if isinstance(node, str) and node in pending:
            return walk(pending.pop(node))
        if isinstance(node, list):
            return [walk(item) for item in node]
        if isinstance(node, dict):
            return {
                key: walk(value) if key in ("type", "items", "values", "fields") else value
                for key, value in node.items()
                if key != "references"
            }
        return node

    result: dict[str, Any] = walk(schema)
    return result
