"""Events into the platform, from any Python service.

with Publisher(load_settings()) as publisher:
    publisher.publish({"event-type": "init", "time": 1700000000, "user-id": 42, …})
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self

from avrogate import kafka
from avrogate.errors import AvrogateError, InvalidEvent
from avrogate.settings import Settings
from producers.outbox import Outbox
from producers.refusals import DeadLetters, Origin, Refusal, refusal_of
from producers.routes import OVERHEAD, Routes
from producers.source import Event
from producers.summary import Summary
from schemas.catalog import Catalog, shipped_catalog
from schemas.json_events import parse_event
from schemas.registry import Registry

DEAD_LETTER = "dead-letter"
LAST_CHANCE = 5.0  # seconds; how long an error in the caller's block waits for what was handed over
MANY = 100  # names of dropped fields that are counted one by one; a client could send new ones for ever


class Publisher:
    """Holds each event to the newest version of its contract and sends it to its topic, keyed by its user.

    An event that breaks the contract goes to the dead-letter topic; with `on_refusal="raise"` it is raised as
    InvalidEvent instead, and goes nowhere. Sending is idempotent and in order; `patience` is how many seconds the
    broker may take to acknowledge a record. Not for several threads at once. `clock` gives Unix seconds.

    As a context manager it closes at the end of the block; after an error in it, it waits a few seconds at most.

    Making one raises SchemaNotRegistered or ConfigError if a schema or a topic is missing, RegistryUnavailable
    or BrokerUnavailable if one of them does not answer within the settings' time-out.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog | None = None,
        *,
        on_refusal: Literal["dead-letter", "raise"] = "dead-letter",
        patience: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        catalog = catalog or shipped_catalog()
        registry = Registry(settings)
        self._routes = Routes(catalog, registry)
        self._dead_letters = DeadLetters(catalog, registry, clock) if on_refusal == DEAD_LETTER else None
        ways = [*self._routes, self._dead_letters] if self._dead_letters else [*self._routes]
        for topic in {way.topic for way in ways}:
            kafka.require_topic(settings, topic)
        self._outbox = Outbox(settings, patience=patience, largest=max(way.limit for way in ways) + OVERHEAD)
        self._receipts = {route.event: self._outbox.receipt(route.event) for route in self._routes}
        self._letter_receipt = self._outbox.receipt(DEAD_LETTER)
        self._refused: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._opened, self._closed = time.monotonic(), 0.0

    def publish(self, event: Event, *, source: str | None = None, line: int | None = None) -> Refusal | None:
        """Check an event and hand it to the broker's client; say why if it is refused.

        An event is a JSON object with the clients' names, or its text. It has arrived only when `flush` or
        `close` returns. `source` and `line` are kept with a refused event. Waits while the local queue is full.

        Raises BrokerUnavailable or AvrogateError if the broker did not take an earlier one.
        """
        parsed: Any = event
        try:
            if isinstance(event, str | bytes):
                parsed = parse_event(event)
            route = self._routes.of(parsed)
            dropped: list[str] | None = [] if route.drops_unknown else None
            key, value = route.encode(parsed, dropped)
        except InvalidEvent as error:
            return self._refuse(error, event, parsed, source, line)
        if dropped:
            self._count_dropped(route.event, dropped)
        self._outbox.send(route.topic, key, value, self._receipts[route.event])
        return None

    def flush(self) -> None:
        """Wait until everything handed over is acknowledged. Raises as `publish` does if something is not."""
        self._outbox.flush()

    def close(self) -> None:
        """`flush`, and stop the summary's clock."""
        try:
            self._outbox.flush()
        finally:
            self._closed = self._closed or time.monotonic()

    @property
    def summary(self) -> Summary:
        """What became of the events so far; final after `close`."""
        return Summary(
            sent={event: self._outbox.acknowledged[event] for event in self._receipts},
            refused=dict(self._refused),
            dropped=dict(self._dropped),
            failed=self._outbox.failed,
            seconds=(self._closed or time.monotonic()) - self._opened,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        with suppress(AvrogateError):  # the first error is the one to tell
            self._outbox.flush(LAST_CHANCE)
        self._closed = self._closed or time.monotonic()

    def _refuse(
        self, error: InvalidEvent, event: Event, parsed: Any, source: str | None, line: int | None
    ) -> Refusal:
        self._refused[error.reason] += 1
        if self._dead_letters is None:
            raise error
        refusal = refusal_of(error)
        origin = Origin(self._routes.topic, self._routes.guess_key(parsed), source, line)
        letter = self._dead_letters.letter(refusal, event, origin)
        self._outbox.send(self._dead_letters.topic, origin.key, letter, self._letter_receipt)
        return refusal

    def _count_dropped(self, event: str, fields: list[str]) -> None:
        for field in fields:
            name = f"{event}: {field[:100]}"
            self._dropped[name if name in self._dropped or len(self._dropped) < MANY else "others"] += 1
