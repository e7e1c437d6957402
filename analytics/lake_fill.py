"""Filling the lake: the streaming query that appends each batch of enriched events to the table, once.

Spark may hand over a batch again after a crash, and then it is the same records. Each commit of the table carries
the checkpoint's generation and the number of its batch; Delta skips one that it has. The commit also says at which
offsets its batch ends, so that whoever reads the table knows how far it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamWriter

from analytics.checkpoints import Checkpoint, open_checkpoint
from analytics.decode import decoded
from analytics.kafka_source import source_options
from analytics.lake import Lake, columns, laid_out
from analytics.running import Running
from analytics.supervise import supervise
from analytics.writers import TopicSchemas, prepare
from avrogate.errors import ConfigError
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog

CHECKPOINT = "lake"
# each batch makes a file or more for every event: a lake that is half a minute old has few of them
TRIGGER = "30 seconds"
# one batch of a catch-up; Delta keeps nothing of it in memory
RECORDS_PER_BATCH = 1_000_000


@dataclass(frozen=True)
class BatchWritten:
    """One batch that is in the table."""

    batch: int
    events: int
    files: int


@dataclass
class FillSummary:
    """What one run did. `restarts` counts new schema ids met in mid-stream."""

    location: str
    batches: int = 0
    events: int = 0
    files: int = 0
    restarts: int = 0


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
        options = {
            "txnAppId": f"avrogate-lake-{self.checkpoint.identity.generation}",
            "txnVersion": str(batch),
            "userMetadata": json.dumps({"batch": batch, "ends": self.checkpoint.ends(batch)}),
            # a new optional field, or a new event, becomes a new column
            "mergeSchema": "true",
        }
        laid_out(frame, self.schemas).write.format("delta").mode("append").options(**options).save(self.lake.location)
        self._report(batch)

    def _report(self, batch: int) -> None:
        rows, files = self.lake.last_written()
        self.summary.batches += 1
        self.summary.events += rows
        self.summary.files += files
        self.on_batch(BatchWritten(batch, rows, files))


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

    Raises ConfigError (the topic is missing; lake or checkpoint is another cluster's, or the two do not belong
    together, or they are in use), BrokerUnavailable, RegistryUnavailable, SchemaNotRegistered, ContractError.
    """
    schemas, checkpoint = prepare_fill(settings, catalog)
    lake, summary = Lake(spark, settings.lake_location), FillSummary(settings.lake_location)
    appender = Appender(lake, checkpoint, schemas, summary, on_batch)

    def writer(schemas: TopicSchemas) -> DataStreamWriter:
        appender.schemas = schemas
        options = {**source_options(settings, schemas.topic), "maxOffsetsPerTrigger": str(RECORDS_PER_BATCH)}
        records = spark.readStream.format("kafka").options(**options).load()
        query = decoded(records, schemas).writeStream.option("checkpointLocation", checkpoint.location)
        return query.foreachBatch(appender)

    run = Running(settings, writer, appender, stop or Event(), until_idle, TRIGGER)

    def attempt(schemas: TopicSchemas) -> None:
        _belongs(lake, checkpoint, schemas)
        run.attempt(schemas)

    with checkpoint.locked():
        supervise(settings, schemas, attempt)
    summary.restarts = run.attempts - 1
    return summary


def prepare_fill(settings: Settings, catalog: Catalog | None = None) -> tuple[TopicSchemas, Checkpoint]:
    """What filling needs besides Spark; raises what `fill_lake` raises at its start, but for what the lake says."""
    schemas = prepare(settings, catalog or shipped_catalog())
    return schemas, open_checkpoint(settings, CHECKPOINT, schemas.topic)


def _belongs(lake: Lake, checkpoint: Checkpoint, schemas: TopicSchemas) -> None:
    """Make the table, or see that it is the one that this checkpoint fills: else events would be lost, or twice."""
    begun = (checkpoint.folder / "spark").exists()
    if not lake.exists():
        if begun:
            raise ConfigError(
                f"the lake at {lake.location} is gone, and {checkpoint.folder} says how far it was",
                hint=f"bring it back, or fill a new one from the beginning: rm -r {checkpoint.folder}",
            )
        lake.create(columns(lake.spark, schemas), checkpoint.identity)
    elif lake.identity() != checkpoint.identity:
        there, ours = lake.identity(), checkpoint.identity
        raise ConfigError(
            f"the lake at {lake.location} was filled by another checkpoint ({there.topic} of cluster "
            f"{there.cluster}, generation {there.generation}; this one: {ours.topic} of {ours.cluster}, "
            f"{ours.generation})",
            hint="another AVROGATE_LAKE; or bring its checkpoint back; or move the lake away, to fill it anew",
        )
