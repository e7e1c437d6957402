"""The minute KPIs as DataFrames: the streaming query, and the same over all that is in the topic.

Both put every KPI through one read of Kafka and one aggregation; only what surrounds it differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f

from analytics.contributions import aggregate, contributed
from analytics.decode import decoded
from analytics.kafka_source import source_options
from analytics.kpis import Kpi, shipped_kpis
from analytics.results import MINUTE_MS, KpiRow, moment, ordered
from analytics.supervise import supervise
from analytics.writers import TopicSchemas, prepare
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog

WATERMARK_MS = 10 * 60_000
# Spark's own mark of the column by which state is dropped (`EventTimeWatermark.delayKey`). It stands on
# `window_end`, which is computed after the watermark was declared and would lose it.
WATERMARK_KEY = "spark.watermarkDelayMs"
# one batch of a catch-up: large enough that its fixed cost does not count, small enough for a driver's memory
RECORDS_PER_BATCH = 500_000


def compute_once(
    spark: SparkSession,
    settings: Settings,
    *,
    catalog: Catalog | None = None,
    kpis: Sequence[Kpi] | None = None,
) -> tuple[KpiRow, ...]:
    """Every KPI over all that is in the topic now: exact, without a watermark, nothing published.

    Raises ConfigError if the topic is missing or empty, BrokerUnavailable, RegistryUnavailable,
    SchemaNotRegistered, ContractError.
    """
    chosen = shipped_kpis() if kpis is None else tuple(kpis)
    schemas = prepare(settings, catalog or shipped_catalog(), not_empty=True)

    def attempt(schemas: TopicSchemas) -> list[Row]:
        records = spark.read.format("kafka").options(**source_options(settings, schemas.topic)).load()
        return result_columns(
            aggregate(contributed(decoded(records, schemas), chosen, schemas, arrivals=False))
        ).collect()

    rows = supervise(settings, schemas, attempt)
    return ordered(kpi_rows(rows, {kpi.name: kpi for kpi in chosen}))


def minute_stream(spark: SparkSession, settings: Settings, schemas: TopicSchemas, kpis: Sequence[Kpi]) -> DataFrame:
    """The streaming query's plan: update mode gives each value that a batch changed."""
    options = {**source_options(settings, schemas.topic), "maxOffsetsPerTrigger": str(RECORDS_PER_BATCH)}
    records = spark.readStream.format("kafka").options(**options).load()
    events = decoded(records, schemas, quarantine=True).withWatermark("time", f"{WATERMARK_MS} milliseconds")
    rows = contributed(events, kpis, schemas, arrivals=True)
    marked = f.col("window_end").alias("window_end", metadata={WATERMARK_KEY: WATERMARK_MS})
    return aggregate(rows.select(marked, "kpi", "dimensions", "count", "amount", "user"))


def result_columns(aggregated: DataFrame) -> DataFrame:
    """The result as a driver takes it: the window's end in milliseconds, free of any time zone."""
    end = f.unix_millis("window_end").alias("window_end")
    return aggregated.select(end, "kpi", "dimensions", "count", "amount", "users")


def kpi_rows(rows: Sequence[Row], kpis: Mapping[str, Kpi]) -> list[KpiRow]:
    """Rows of the aggregation as KPI rows; those of names that are no KPI (any more) are left out."""
    return [_kpi_row(row, kpis[row["kpi"]]) for row in rows if row["kpi"] in kpis]


def _kpi_row(row: Row, kpi: Kpi) -> KpiRow:
    return KpiRow(
        kpi=kpi.name,
        minute=moment(row["window_end"] - MINUTE_MS),
        dimensions=tuple((pair["name"], pair["value"]) for pair in row["dimensions"]),
        count=row["count"],
        amount=row["amount"] if kpi.has_amount else None,
        users=row["users"] if kpi.has_users else None,
    )
