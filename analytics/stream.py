"""The streaming query of the minute KPIs: every batch goes to `kpis-minute`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from pyspark.sql import SparkSession
from pyspark.sql.streaming.readwriter import DataStreamWriter

from analytics.checkpoints import Checkpoint, open_checkpoint
from analytics.kpi_topic import KpiPublisher
from analytics.kpis import Kpi, shipped_kpis
from analytics.minute_kpis import minute_stream
from analytics.running import Running
from analytics.sink import BatchReport, Sink, StreamSummary
from analytics.supervise import supervise
from analytics.writers import TopicSchemas, prepare
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog

__all__ = ["BatchReport", "StreamSummary", "prepare_stream", "run_stream"]

CHECKPOINT = "minute-kpis"


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

    def writer(schemas: TopicSchemas) -> DataStreamWriter:
        plan = minute_stream(spark, settings, schemas, list(sink.kpis.values()))
        options = {"checkpointLocation": checkpoint.location}
        return plan.writeStream.outputMode("update").options(**options).foreachBatch(sink)

    run = Running(settings, writer, sink, stop or Event(), until_idle)
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
