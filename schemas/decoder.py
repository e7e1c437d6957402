"""The codecs of registered versions: the newest to write with, all of a topic to read with."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from avrogate.errors import ContractError, WireFormatError
from schemas.catalog import Catalog
from schemas.codec import Codec, Layout, parsed
from schemas.registry import RegisteredText, Registry
from schemas.versions import SchemaVersion, resolve
from schemas.wire_format import unframe


def newest_codec(catalog: Catalog, registry: Registry, topic: str, event: str) -> Codec:
    """The codec of an event's newest version. Raises SchemaNotRegistered if the registry does not have it."""
    version = catalog.newest(topic, event)
    return Codec(version, registry.id_of(version))


def written_out(registry: Registry, found: RegisteredText) -> dict[str, Any]:
    """A registered schema as one piece, each record that it refers to written out.

    Raises ContractError if the registry lacks one of those, RegistryUnavailable.
    """
    named = {}
    for reference in found.references:
        text = registry.version_text(reference.subject, reference.version)
        if text is None:
            raise ContractError(f"the registry lacks {reference.subject} version {reference.version}")
        named[reference.name] = written_out(registry, text)
    schema: dict[str, Any] = resolve(json.loads(found.text), named)
    return schema


def full_name(text: str) -> str:
    """The full name of the record that a schema's text defines, or what else it is."""
    try:
        schema = json.loads(text)
    except ValueError:
        return "not an Avro schema"
    if not isinstance(schema, dict):
        return str(schema)
    name = str(schema.get("name", schema.get("type")))
    return f"{schema['namespace']}.{name}" if schema.get("namespace") and "." not in name else name


class Decoded(NamedTuple):
    """A record and the version that it is of: the one that wrote it, or the newest here if that was a later one."""

    version: SchemaVersion
    record: dict[str, Any]
    codec: Codec


class TopicDecoder:
    """The codecs of every registered version of one topic's events, by schema id.

    What a newer installation wrote, in a version that only the registry has, is read as the newest version here:
    fields that are new are left out. With `later=False` such a record is refused: for who writes back what it reads.

    Raises SchemaNotRegistered at construction if one of the catalog's versions is not registered.
    """

    def __init__(self, catalog: Catalog, registry: Registry, topic: str, *, later: bool = True) -> None:
        self._topic = topic
        self._registry = registry
        self._codecs: dict[int, Codec] = {}
        self._newest: dict[str, Codec] = {}
        self._later: dict[int, tuple[Codec, Layout]] = {}
        for event in catalog.topics[topic].events:
            for version in catalog.of(topic, event):
                codec = Codec(version, registry.id_of(version))
                self._codecs[codec.schema_id] = codec
                if later:
                    self._newest[version.record] = codec

    def read(self, value: bytes | None) -> Decoded:
        """The record in a value.

        Raises WireFormatError if it is not one of this topic's events; for an id that is not in the catalog also
        RegistryUnavailable, and ContractError if the registry lacks a part of it.
        """
        schema_id, body = unframe(value)
        codec = self._codecs.get(schema_id)
        if codec is not None:
            return Decoded(codec.version, codec.read(body), codec)
        codec, writer = self._later.get(schema_id) or self._learn(schema_id)
        return Decoded(codec.version, codec.read(body, writer), codec)

    def _learn(self, schema_id: int) -> tuple[Codec, Layout]:
        found = self._registry.text(schema_id) if self._newest else None
        codec = self._newest.get(full_name(found.text)) if found else None
        if found is None or codec is None:
            message = f"schema id {schema_id} is not of an event of {self._topic}"
            raise WireFormatError(message, reason="unexpected-schema", schema_id=schema_id)
        self._later[schema_id] = codec, parsed(written_out(self._registry, found))
        return self._later[schema_id]
