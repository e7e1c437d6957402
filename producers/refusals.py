"""What is refused, and the dead letter that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from avrogate.errors import InvalidEvent
from avrogate.kafka_limits import BROKER_LIMIT, record_size
from producers.source import Event
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.decoder import newest_codec
from schemas.json_events import event_text
from schemas.registry import Registry

STAGE, EVENT = "pipeline", "dead-letter"
SLACK = 128  # bytes by which the lengths, and the words that tell of the cut, may make it longer


@dataclass(frozen=True)
class Refusal:
    """Why an event was not sent: a stable reason code, the dotted path of the field if it was one, a message."""

    reason: str
    field: str | None
    message: str


@dataclass(frozen=True)
class Origin:
    """Where a refused event came from and was meant to go."""

    topic: str
    key: bytes | None
    source: str | None
    line: int | None


class DeadLetters:
    """Makes dead letters of `limit` bytes at most, which is what their topic takes. `clock` gives Unix seconds.

    Raises SchemaNotRegistered if the dead letter's schema is not in the registry.
    """

    def __init__(self, catalog: Catalog, registry: Registry, clock: Callable[[], float]) -> None:
        self.topic = catalog.topic_of(STAGE, EVENT)
        self.limit = catalog.topics[self.topic].max_message_bytes or BROKER_LIMIT
        self._codec: Codec = newest_codec(catalog, registry, self.topic, EVENT)
        self._clock = clock

    def letter(self, refusal: Refusal, event: Event, origin: Origin) -> bytes:
        """The dead letter of an event, in the wire format. Keeps as many of its bytes as fit, and says so."""
        original = original_bytes(event)
        record: dict[str, Any] = {
            "reason": refusal.reason,
            "message": _storable(refusal.message, 1000),
            "stage": "producer",
            "field": refusal.field and _storable(refusal.field, 300),
            "source": origin.source and _storable(origin.source, 1000),
            "line": origin.line,
            "topic": origin.topic,
            "key": origin.key,
            "original": original,
            "original_size": None,
            "headers": [],
            "attempts": 1,
            "time": int(self._clock() * 1000),
        }
        value = self._codec.write(record)
        excess = record_size(origin.key, value) - self.limit
        if excess <= 0:
            return value
        kept = max(len(original) - excess - SLACK, 0)
        told = f"{record['message']} (the first {kept:,} of {len(original):,} bytes are kept)"
        return self._codec.write(
            record | {"original": original[:kept], "original_size": len(original), "message": told}
        )


def refusal_of(error: InvalidEvent) -> Refusal:
    """The refusal that an error stands for."""
    return Refusal(error.reason, error.field, error.message)


def original_bytes(event: Any) -> bytes:
    """An event as it came: text and bytes as they are, an object as JSON."""
    if isinstance(event, bytes):
        return event
    if isinstance(event, str):
        return event.encode(errors="surrogatepass")
    try:
        return event_text(event).encode()
    except (RecursionError, ValueError):  # holds itself, or a number that has no text
        return f"an event of type {type(event).__name__} that cannot be written as JSON".encode()


def _storable(text: str, longest: int) -> str:
    """Valid Unicode (JSON's keys need not be), and not longer than a person reads."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return cut.encode(errors="backslashreplace").decode()
