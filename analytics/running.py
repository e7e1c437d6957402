"""Running a streaming query over a topic: for as long as wanted, and to a clean end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from pyspark.errors import StreamingQueryException
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from analytics.writers import TopicSchemas, bounds
from avrogate.kafka import require_topic
from avrogate.settings import Settings

TRIGGER = "1 second"
POLL = 0.3
LAST_BATCH_LIMIT = 60.0


class Batches(Protocol):
    """What a query hands its batches to: how many are done, and what made one fail, in our words."""

    error: Exception | None

    @property
    def done(self) -> int:
        """Batches that were written."""


@dataclass
class Running:
    """A query from its start to its end, run again by `supervise`.

    `writer` plans it, without a trigger, for the schemas that are known. Runs until `stop` is set, or, with
    `until_idle`, until no record has come for that many seconds. 0 means: what is there now. `trigger` is how
    often it looks while it runs without end.
    """

    settings: Settings
    writer: Callable[[TopicSchemas], DataStreamWriter]
    batches: Batches
    stop: Event
    until_idle: float | None
    trigger: str = TRIGGER
    attempts: int = 0

    def attempt(self, schemas: TopicSchemas) -> None:
        """Run to the end, or to the first failure."""
        self.attempts += 1
        if self.until_idle is None:
            self._query(schemas, live=True)
        else:
            self._rounds(schemas, self.until_idle)

    def _rounds(self, schemas: TopicSchemas, limit: float) -> None:
        """Take what is there, down to the last move of the watermark, as long as something new comes.

        Between rounds only the topic's end is looked at: that costs nothing, and tells for certain.
        """
        partitions, seen, idle_since = require_topic(self.settings, schemas.topic), None, time.monotonic()
        while not self.stop.is_set():
            ends = bounds(self.settings, schemas.topic, partitions)
            if ends != seen:
                self._query(schemas, live=False)
                seen, idle_since = ends, time.monotonic()
            elif time.monotonic() - idle_since >= limit:
                return
            else:
                self.stop.wait(min(POLL, limit))

    def _query(self, schemas: TopicSchemas, *, live: bool) -> None:
        writer = self.writer(schemas)
        self.batches.error = None
        timed = writer.trigger(processingTime=self.trigger) if live else writer.trigger(availableNow=True)
        query = timed.start()
        try:
            while not query.awaitTermination(POLL):  # type: ignore[arg-type]
                if self.stop.is_set():
                    return
        except StreamingQueryException:
            if self.batches.error is not None:
                raise self.batches.error  # noqa: B904  # Spark's is about the same
            raise
        finally:
            self._end(query)

    def _end(self, query: StreamingQuery) -> None:
        """Let the batch that runs be published; otherwise the next run would do it again, to the same end."""
        limit, published = time.monotonic() + LAST_BATCH_LIMIT, self.batches.done
        while query.isActive and query.status["isTriggerActive"] and time.monotonic() < limit:
            if self.batches.done > published:
                break
            time.sleep(0.05)
        query.stop()
