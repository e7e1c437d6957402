"""Dead letters: a refused event with its bytes, where it was, and why it was refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from processors.records import RawRecord, Refused
from schemas.catalog import Catalog
from schemas.consumers import Consumer
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

STAGE = "processor"
CONSUMER = Consumer(
    "audit and dead-letters",
    "pipeline",
    {
        "DeadLetter": {
            "stage": "enum",
            "reason": "string",
            "message": "string",
            "rule": "string | null",
            "topic": "string",
            "partition": "long | null",
            "offset": "long | null",
            "key": "bytes | null",
            "original": "bytes | null",
            "original_size": "long | null",
            "attempts": "long",
            "time": "timestamp-millis",
        }
    },
)


def dead_letter(raw: RawRecord, refused: Refused, now: int, attempts: int = 1) -> dict[str, Any]:
    """The DeadLetter record (`schemas/json/pipeline/dead-letter`) of a refused raw record.

    `now` is in milliseconds since 1970. The original's key, value and headers are kept byte for byte; headers that
    Kafka's client cannot give are missing, and the message says so.
    """
    lost = " (its headers are left out: a name in them is not UTF-8)" if raw.headers is None else ""
    return {
        "reason": refused.reason,
        "message": refused.message + lost,
        "stage": STAGE,
        "rule": refused.rule,
        "field": refused.field,
        "source": None,
        "line": None,
        "topic": raw.topic,
        "partition": raw.partition,
        "offset": raw.offset,
        "timestamp": max(raw.timestamp, 0),
        "key": raw.key,
        "original": raw.value,
        "original_size": None,
        "headers": [{"name": name, "value": value} for name, value in raw.headers or ()],
        "schema_id": refused.schema_id,
        "attempts": attempts,
        "time": now,
    }


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter on its topic: where it is, and its record."""

    partition: int
    offset: int
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """What replays call it: partition and offset, as in `3/1234`."""
        return f"{self.partition}/{self.offset}"


class DeadLetters:
    """Reads the dead-letter topic. Raises SchemaNotRegistered if its schema is not registered."""

    def __init__(self, settings: Settings, catalog: Catalog, registry: Registry) -> None:
        self._settings = settings
        self.topic = catalog.topic_of("pipeline", "dead-letter")
        self._decoder = TopicDecoder(catalog, registry, self.topic)

    def read(self) -> Iterator[DeadLetter]:
        """Every dead letter written before the call, in order within a partition.

        Raises ConfigError if the topic is missing, BrokerUnavailable, WireFormatError for a foreign record.
        """
        for message in read_to_end(self._settings, self.topic):
            record = self._decoder.read(message.value()).record
            yield DeadLetter(message.partition() or 0, message.offset() or 0, record)
