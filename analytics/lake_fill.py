"""Filling the lake: the streaming query that appends each batch of enriched events to the table, once.

Spark may hand over a batch again after a crash, and then it is the same records. Each commit of the table carries
the checkpoint's generation and the number of its batch; Delta skips one that it has. The commit also says at which
offsets its batch ends, so that whoever reads the table knows how far it is, and a batch that does not begin where the
table ends is never written: a checkpoint or a table that came out of a backup has parted from the other.

A record that is no event is kept, too, with its bytes and the reason, under an event of its own that no reader of
events sees.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamWriter

from analytics.care import stream_care
from analytics.checkpoints import Checkpoint, open_checkpoint
from analytics.decode import decoded
from analytics.kafka_source import source_options
from analytics.lake import Filled, Lake, laid_out, table_columns, transactions
from analytics.quarantine import Place, Quarantine
from analytics.running import Running
from analytics.supervise import supervise
from analytics.writers import TopicSchemas, bounds, prepare
from avrogate.errors import ConfigError, Stopped
from avrogate.kafka import require_topic
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog

CHECKPOINT = "lake"
# each batch makes a file or more for every event: a lake that is half a minute old has few of them
TRIGGER = "30 seconds"
# one batch of a catch-up; Delta keeps nothing of it in memory
RECORDS_PER_BATCH = 1_000_000


@dataclass(frozen=True)
class BatchWritten:
    """One batch that is in the table: its events, and records that are none, the first of them at `place`."""

    batch: int
    events: int
    files: int
    refused: int = 0
    place: Place | None = None


@dataclass
class FillSummary:
    """What one run did. `restarts` counts new schema ids met in mid-stream, `outages` those that were waited out."""

    location: str
    batches: int = 0
    events: int = 0
    files: int = 0
    refused: int = 0
    restarts: int = 0
    outages: int = 0


@dataclass
class Appender:
    """What a batch goes through. Spark calls it again with the same batch after a crash."""

    lake: Lake
    checkpoint: Checkpoint
    schemas: TopicSchemas
    summary: FillSummary
    on_batch: Callable[[BatchWritten], None]
    error: Exception | None = None

    @property
    def done(self) -> int:
        """Batches that are in the table."""
        return self.summary.batches

    def __call__(self, frame: DataFrame, batch: int) -> None:
        """Append a batch. It is committed if this returns, and run again after a restart if it raises."""
        try:
            self._append(frame, batch)
        except Exception as error:  # Spark would wrap it in its own: kept for whoever started the query
            self.error = error
            raise

    def _append(self, frame: DataFrame, batch: int) -> None:
        before = self.lake.filled()
        require_next(self.lake, self.checkpoint, before, batch)
        options = {
            "txnAppId": transactions(self.checkpoint.identity.generation),
            "txnVersion": str(batch),
            "userMetadata": json.dumps({"batch": batch, "ends": self.checkpoint.ends(batch)}),
            # a new optional field, or a new event, becomes a new column
            "mergeSchema": "true",
        }
        laid_out(frame, self.schemas).write.format("delta").mode("append").options(**options).save(self.lake.location)
        self._report(batch, before)

    def _report(self, batch: int, before: Filled | None) -> None:
        now = self.lake.filled()
        assert now is not None
        refused = list(self.lake.refused(before))
        events = now.rows - len(refused)
        self.summary.batches += 1
        self.summary.events += events
        self.summary.files += now.files
        self.summary.refused += len(refused)
        first = next((Place(self.schemas.topic, *row) for row in refused), None)
        self.on_batch(BatchWritten(batch, events, now.files, len(refused), first))


def fill_lake(
    spark: SparkSession,
    settings: Settings,
    *,
    until_idle: float | None = None,
    stop: Event | None = None,
    on_batch: Callable[[BatchWritten], None] = lambda written: None,
    catalog: Catalog | None = None,
) -> FillSummary:
    """Append to the lake what is new in the topic since the checkpoint; make the table if there is none.

    Runs until `stop` is set, or, with `until_idle`, until no record has come for that many seconds; 0 means: what
    is there now. A run that is killed anywhere goes on from the checkpoint: nothing is lost, nothing there twice.
    Without `until_idle`, an outage of the broker or the registry is waited out.

    Raises ConfigError (the topic is missing; lake or checkpoint is another cluster's, or the two do not belong
    together, or they are in use), BrokerUnavailable, RegistryUnavailable, SchemaNotRegistered.
    """
    schemas, checkpoint = prepare_fill(settings, catalog)
    stop, quarantine = stop or Event(), Quarantine(checkpoint)
    lake, summary = Lake(spark, settings.lake_location), FillSummary(settings.lake_location)
    care = stream_care(spark, settings, quarantine, stop, until_idle)
    appender = Appender(lake, checkpoint, schemas, summary, care.reporting(on_batch))

    def writer(schemas: TopicSchemas) -> DataStreamWriter:
        appender.schemas = schemas
        options = {**source_options(settings, schemas.topic), "maxOffsetsPerTrigger": str(RECORDS_PER_BATCH)}
        records = spark.readStream.format("kafka").options(**options).load()
        query = decoded(records, schemas, quarantine=True).writeStream
        return query.option("checkpointLocation", checkpoint.location).foreachBatch(appender)

    run = Running(settings, writer, appender, stop, until_idle, TRIGGER)

    def attempt(schemas: TopicSchemas) -> None:
        if run.attempts:  # what came back after an outage may be another cluster
            open_checkpoint(settings, CHECKPOINT, schemas.topic)
        _belongs(settings, lake, checkpoint, schemas)
        run.attempt(schemas)

    with checkpoint.locked(), suppress(Stopped):
        supervise(settings, schemas.without(quarantine.ids), attempt, care)
    summary.restarts, summary.outages = care.restarts, care.outages
    return summary


def prepare_fill(settings: Settings, catalog: Catalog | None = None) -> tuple[TopicSchemas, Checkpoint]:
    """What filling needs besides Spark; raises what `fill_lake` raises at its start, but for what the lake says."""
    schemas = prepare(settings, catalog or shipped_catalog())
    return schemas, open_checkpoint(settings, CHECKPOINT, schemas.topic)


def require_next(lake: Lake, checkpoint: Checkpoint, filled: Filled | None, batch: int) -> None:
    """Raise ConfigError unless a batch begins where the table ends, or is the one that the table has as its last."""
    before = checkpoint.ends(batch - 1) if batch else {}
    if filled is None:
        # nothing was ever written; or Delta has forgotten when, and knows only the number of the batch
        fits = lake.newest_batch(checkpoint.identity.generation) in (batch - 1, batch)
    else:
        fits = (filled.batch, filled.ends) in ((batch - 1, before), (batch, checkpoint.ends(batch)))
    if not fits:
        raise ConfigError(
            f"the lake at {lake.location} and its checkpoint {checkpoint.folder} have parted: batch {batch} of the "
            "checkpoint does not begin where the lake ends",
            hint="bring both back from one moment; or move both away, to fill the lake anew",
        )


def _belongs(settings: Settings, lake: Lake, checkpoint: Checkpoint, schemas: TopicSchemas) -> None:
    """Make the table, or see that it is the one that this checkpoint fills: else events would be lost, or twice."""
    begun = (checkpoint.folder / "spark").exists()
    if not lake.exists():
        if begun:
            raise ConfigError(
                f"the lake at {lake.location} is gone, and {checkpoint.folder} says how far it was",
                hint=f"bring it back, or fill a new one from the beginning: rm -r {checkpoint.folder}",
            )
        lake.create(table_columns(lake.spark, schemas), checkpoint.identity, _complete_from(settings, schemas.topic))
    elif lake.identity() != checkpoint.identity:
        there, ours = lake.identity(), checkpoint.identity
        raise ConfigError(
            f"the lake at {lake.location} was filled by another checkpoint ({there.topic} of cluster "
            f"{there.cluster}, generation {there.generation}; this one: {ours.topic} of {ours.cluster}, "
            f"{ours.generation})",
            hint="another AVROGATE_LAKE; or bring its checkpoint back; or move the lake away, to fill it anew",
        )


def _complete_from(settings: Settings, topic: str) -> int:
    """From when on the topic has every event that happened, in milliseconds; 0 if nothing has left it yet.

    An event is written after it has happened: what has left a partition is older than the oldest record there.
    """
    oldest = 0
    for partition, (first, _) in bounds(settings, topic, require_topic(settings, topic)).items():
        if first > 0:
            record = next(read_to_end(settings, topic, [partition]), None)
            oldest = max(oldest, int(time.time() * 1000) if record is None else record.timestamp()[1])
    return oldest
