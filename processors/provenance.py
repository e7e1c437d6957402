"""The headers by which every record of the processor says which raw record it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from confluent_kafka import Message

from avrogate.kafka_reading import headers_of
from processors.records import RawRecord

TOPIC, PARTITION, OFFSET = "source-topic", "source-partition", "source-offset"
# of a raw record that was a dead letter: which one (as in 3/1234), and how often its event has been tried
DEAD_LETTER, ATTEMPTS = "dead-letter", "attempts"


class Source(NamedTuple):
    """Where a record came from."""

    topic: str
    partition: int
    offset: int


def headers(raw: RawRecord) -> list[tuple[str, bytes | None]]:
    """The three source headers, as text."""
    return next(headers_of_all(raw.topic, [(raw.partition, raw.offset)]))


def headers_of_all(topic: str, places: Iterable[tuple[int, int]]) -> Iterator[list[tuple[str, bytes | None]]]:
    """The source headers of many records of one topic, of which partitions and offsets are given."""
    first, seconds = (TOPIC, topic.encode()), dict[int, tuple[str, bytes]]()
    for partition, offset in places:
        second = seconds.get(partition)
        if second is None:
            second = seconds[partition] = PARTITION, b"%d" % partition
        yield [first, second, (OFFSET, b"%d" % offset)]


def attempts(raw: RawRecord) -> int:
    """How often the event has been tried, this time included: 1 unless it is a dead letter that was sent again."""
    found: dict[str, Any] = dict(raw.headers or ())
    text = found.get(ATTEMPTS) if DEAD_LETTER in found else None
    return int(text) if text is not None and text.isdigit() and 0 < len(text) < 10 and int(text) else 1


def source(message: Message) -> Source | None:
    """Read the source headers back; None if a record does not have them, as a foreign one may not."""
    found: dict[str, Any] = dict(headers_of(message) or ())
    try:
        return Source(found[TOPIC].decode(), int(found[PARTITION]), int(found[OFFSET]))
    except (KeyError, ValueError, AttributeError):
        return None
