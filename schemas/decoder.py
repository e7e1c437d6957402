"""The codecs of registered versions: the newest to write with, all of a topic to read with."""

from __future__ import annotations

from typing import Any, NamedTuple

from avrogate.errors import WireFormatError
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.registry import Registry
from schemas.versions import SchemaVersion
from schemas.wire_format import unframe


def newest_codec(catalog: Catalog, registry: Registry, topic: str, event: str) -> Codec:
    """The codec of an event's newest version. Raises SchemaNotRegistered if the registry does not have it."""
    version = catalog.newest(topic, event)
    return Codec(version, registry.id_of(version))


class Decoded(NamedTuple):
    """A record and the version that wrote it."""

    version: SchemaVersion
    record: dict[str, Any]
    codec: Codec


class TopicDecoder:
    """The codecs of every registered version of one topic's events, by schema id.

    Raises SchemaNotRegistered at construction if one of them is not registered.
    """

    def __init__(self, catalog: Catalog, registry: Registry, topic: str) -> None:
        self._topic = topic
        self._codecs: dict[int, Codec] = {}
        for event in catalog.topics[topic].events:
            for version in catalog.of(topic, event):
                codec = Codec(version, registry.id_of(version))
                self._codecs[codec.schema_id] = codec

    def read(self, value: bytes | None) -> Decoded:
        """The record in a value. Raises WireFormatError if it is not one of this topic's events."""
        schema_id, body = unframe(value)
        codec = self._codecs.get(schema_id)
        if codec is None:
            message = f"schema id {schema_id} is not of an event of {self._topic}"
            raise WireFormatError(message, reason="unexpected-schema", schema_id=schema_id)
        return Decoded(codec.version, codec.read(body), codec)
