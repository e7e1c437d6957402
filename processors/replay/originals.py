"""The event that a dead letter keeps."""

from __future__ import annotations

from typing import Any

from avrogate.errors import ContractError, InvalidEvent
from processors.dead_letters import STAGE, DeadLetter
from schemas.catalog import Catalog
from schemas.decoder import TopicDecoder
from schemas.json_events import parse_event
from schemas.registry import Registry


class Originals:
    """Reads events out of dead letters. Raises SchemaNotRegistered if a raw schema is not registered."""

    def __init__(self, catalog: Catalog, registry: Registry) -> None:
        self._decoders = {
            name: TopicDecoder(catalog, registry, name)
            for name, topic in catalog.topics.items()
            if topic.stage == "raw"
        }

    @property
    def topics(self) -> frozenset[str]:
        """The topics that events can be sent to again."""
        return frozenset(self._decoders)

    def event(self, letter: DeadLetter) -> dict[str, Any]:
        """The event as JSON: by its schema id where the processor refused it, else by its text.

        Raises ContractError (why not, in one line), RegistryUnavailable.
        """
        record = letter.record
        if record["original"] is None:
            raise InvalidEvent("it had no value", reason="tombstone")
        if record["stage"] != STAGE:
            return parse_event(record["original"])
        decoder = self._decoders.get(record["topic"])
        if decoder is None:
            raise ContractError(f"{record['topic']} is no topic of raw events")
        decoded = decoder.read(record["original"])
        return decoded.codec.contract.to_event(decoded.record)
