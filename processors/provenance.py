"""The headers by which every record of the processor says which raw record it comes from."""

from __future__ import annotations

from typing import Any, NamedTuple

from confluent_kafka import Message

from processors.records import RawRecord

TOPIC, PARTITION, OFFSET = "source-topic", "source-partition", "source-offset"


class Source(NamedTuple):
    """Where a record came from."""

    topic: str
    partition: int
    offset: int


def headers(raw: RawRecord) -> list[tuple[str, bytes]]:
    """The three source headers, as text."""
    return [
        (TOPIC, raw.topic.encode()),
        (PARTITION, b"%d" % raw.partition),
        (OFFSET, b"%d" % raw.offset),
    ]


def source(message: Message) -> Source | None:
    """Read the source headers back; None if a record does not have them, as a foreign one may not."""
    found: dict[str, Any] = dict(message.headers() or ())
    try:
        return Source(found[TOPIC].decode(), int(found[PARTITION]), int(found[OFFSET]))
    except (KeyError, ValueError, AttributeError):
        return None
