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
from typing import Literal, Self

from avrogate.errors import AvrogateError, InvalidEvent
from avrogate.settings import Settings
from producers.dropped import count_dropped
from producers.inspection import DEAD_LETTER, Inspector
from producers.outbox import Outbox
from producers.refusals import Refusal
from producers.source import Event
from producers.summary import Summary
from schemas.catalog import Catalog

LAST_CHANCE = 5.0  # seconds; how long an error in the caller's block waits for what was handed over


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
        keeps = on_refusal == DEAD_LETTER
        self._inspector = Inspector(settings, catalog, keeps_refused=keeps, clock=clock)
        self._outbox = Outbox(settings, patience=patience, limits=self._inspector.limits.values())
        self._receipts = {event: self._outbox.receipt(event) for event in self._inspector.events}
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
        try:
            record = self._inspector.inspect(event, source, line)
        except InvalidEvent as error:
            self._refused[error.reason] += 1
            raise
        receipt = self._receipts.get(record.label, self._letter_receipt)
        if record.refusal is not None:
            self._refused[record.refusal.reason] += 1
        elif record.dropped:
            count_dropped(self._dropped, record.label, record.dropped)
        self._outbox.send(record.topic, record.key, record.value, receipt)
        return record.refusal

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
