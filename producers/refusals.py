"""What is refused, and the dead letter that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from avrogate.errors import InvalidEvent
from producers.routes import limit_of
from producers.source import Event
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.decoder import newest_codec
from schemas.json_events import event_text
from schemas.registry import Registry

STAGE, EVENT = "pipeline", "dead-letter"
DETAILS = 16_384  # bytes that everything in a dead letter but the original needs at most


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
    """Makes dead letters. `clock` gives Unix seconds.

    Raises SchemaNotRegistered if the dead letter's schema is not in the registry.
    """

    def __init__(self, catalog: Catalog, registry: Registry, clock: Callable[[], float]) -> None:
        self.topic = catalog.topic_of(STAGE, EVENT)
        self.limit = limit_of(catalog, self.topic)
        self._codec: Codec = newest_codec(catalog, registry, self.topic, EVENT)
        self._clock = clock

    def letter(self, refusal: Refusal, event: Event, origin: Origin) -> bytes:
        """The dead letter of an event, in the wire format. Keeps as many of its bytes as fit, and says so."""
        original = original_bytes(event)
        room = self.limit - DETAILS
        cut = f" (the first {room} of {len(original)} bytes are kept)" if len(original) > room else ""
        record: dict[str, Any] = {
            "reason": refusal.reason,
            "message": _storable(refusal.message, 1000) + cut,
            "stage": "producer",
            "field": refusal.field and _storable(refusal.field, 300),
            "source": origin.source and _storable(origin.source, 1000),
            "line": origin.line,
            "topic": origin.topic,
            "key": origin.key,
            "original": original[:room],
            "headers": [],
            "attempts": 1,
            "time": int(self._clock() * 1000),
        }
        return self._codec.write(record)


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
