"""Running the streaming query: batches published as they come, restarts where needed, a clean end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from analytics.checkpoints import Checkpoint, open_checkpoint
from analytics.kpi_topic import KpiPublisher
from analytics.kpis import Kpi, shipped_kpis
from analytics.minute_kpis import minute_stream
from analytics.sink import BatchReport, Sink, StreamSummary
from analytics.supervise import supervise
from analytics.writers import TopicSchemas, bounds, prepare
from avrogate.kafka import require_topic
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog

__all__ = ["BatchReport", "StreamSummary", "prepare_stream", "run_stream"]

CHECKPOINT = "minute-kpis"
TRIGGER = "1 second"
POLL = 0.3
LAST_BATCH_LIMIT = 60.0


def run_stream(
    spark: SparkSession,
    settings: Settings,
    *,
    until_idle: float | None = None,
    stop: Event | None = None,
    on_batch: Callable[[BatchReport], None] = lambda report: None,
    catalog: Catalog | None = None,
    kpis: Sequence[Kpi] | None = None,
) -> StreamSummary:
    """Count what is new in the topic since the checkpoint, and publish it to `kpis-minute`.

    Runs until `stop` is set, or, with `until_idle`, until no record has come for that many seconds; then the
    watermark has moved as far as the events allow, and is published. 0 means: what is there now.
    A run that is killed anywhere goes on from the checkpoint: nothing is lost, nothing counted twice.

    Raises ConfigError (a topic is missing, the checkpoint is another cluster's or in use), BrokerUnavailable,
    RegistryUnavailable, SchemaNotRegistered, ContractError.
    """
    schemas, publisher, checkpoint = prepare_stream(settings, catalog)
    chosen = shipped_kpis() if kpis is None else kpis
    sink = Sink(publisher, checkpoint, {kpi.name: kpi for kpi in chosen}, on_batch)
    run = _Run(spark, settings, sink, stop or Event(), until_idle)
    with checkpoint.locked():
        supervise(settings, schemas, run.attempt)
    sink.summary.restarts = run.attempts - 1
    return sink.summary


def prepare_stream(
    settings: Settings, catalog: Catalog | None = None
) -> tuple[TopicSchemas, KpiPublisher, Checkpoint]:
    """What the query needs besides Spark; raises what `run_stream` raises at its start."""
    catalog = catalog or shipped_catalog()
    schemas = prepare(settings, catalog)
    return schemas, KpiPublisher(settings, catalog), open_checkpoint(settings, CHECKPOINT, schemas.topic)


@dataclass
class _Run:
    spark: SparkSession
    settings: Settings
    sink: Sink
    stop: Event
    until_idle: float | None
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
        plan = minute_stream(self.spark, self.settings, schemas, list(self.sink.kpis.values()))
        writer = plan.writeStream.outputMode("update").option("checkpointLocation", self.sink.checkpoint.location)
        self.sink.error = None
        timed = writer.trigger(processingTime=TRIGGER) if live else writer.trigger(availableNow=True)
        query = timed.foreachBatch(self.sink).start()
        try:
            while not query.awaitTermination(POLL):  # type: ignore[arg-type]
                if self.stop.is_set():
                    return
        except StreamingQueryException:
            if self.sink.error is not None:
                raise self.sink.error  # noqa: B904  # Spark's is about the same
            raise
        finally:
            self._end(query)

    def _end(self, query: StreamingQuery) -> None:
        """Let the batch that runs be published; otherwise the next run would do it again, to the same end."""
        limit, published = time.monotonic() + LAST_BATCH_LIMIT, self.sink.summary.batches
        while query.isActive and query.status["isTriggerActive"] and time.monotonic() < limit:
            if self.sink.summary.batches > published:
                break
            time.sleep(0.05)
        query.stop()
