"""Distinct users of a day, by country and platform. Exact; days are UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f

from analytics.activities import Activity, appearances_of
from analytics.appearances import appearances
from analytics.decode import decoded
from analytics.kafka_source import source_options
from analytics.results import moment
from analytics.supervise import supervise
from analytics.writers import TopicSchemas, prepare
from avrogate.errors import ConfigError
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog


@dataclass(frozen=True)
class DailyRow:
    """Distinct users of a day under one country and platform."""

    day: date
    country: str
    platform: str
    users: int


@dataclass(frozen=True)
class Freshness:
    """How fresh a report is: when it read, how many events, the newest by their own time and the broker's."""

    read_at: datetime
    events: int
    newest_event: datetime
    newest_record: datetime


@dataclass(frozen=True)
class DailyReport:
    """Rows by day, country, platform. One user can be in several rows of a day: `totals` has them once."""

    activity: Activity
    rows: tuple[DailyRow, ...]
    totals: dict[date, int]
    freshness: Freshness


def daily_users(
    spark: SparkSession,
    settings: Settings,
    *,
    activity: Activity = "init",
    first: date | None = None,
    last: date | None = None,
    catalog: Catalog | None = None,
) -> DailyReport:
    """Distinct users by day (UTC), country and platform, of the days from `first` to `last`, both included.

    `init` counts who opened the game; `any` everyone seen in any event, both players of a match.
    Raises ConfigError if the topic is missing or empty, BrokerUnavailable, RegistryUnavailable,
    SchemaNotRegistered, ContractError.
    """
    catalog = catalog or shipped_catalog()
    schemas = prepare(settings, catalog, not_empty=True)
    shown = appearances_of(activity, catalog)
    read_at = datetime.now(UTC)

    def attempt(schemas: TopicSchemas) -> list[Row]:
        records = spark.read.format("kafka").options(**source_options(settings, schemas.topic)).load()
        rows = appearances(decoded(records, schemas), schemas, shown)
        return _counted(_between(rows, first, last)).collect()

    rows = supervise(settings, schemas, attempt)
    totals = {date.fromisoformat(row["day"]): row["users"] for row in rows if row["total"] and row["day"]}
    detail = sorted(_rows(rows), key=lambda row: (row.day, row.country, row.platform))
    freshness = next((_freshness(read_at, row) for row in rows if row["total"] and row["day"] is None), None)
    if freshness is None:  # nothing but the markers of transactions
        raise ConfigError(f"topic {schemas.topic} is empty", hint="run `avrogate produce`, then `avrogate process`")
    return DailyReport(activity, tuple(detail), dict(sorted(totals.items())), freshness)


def _between(appearances: DataFrame, first: date | None, last: date | None) -> DataFrame:
    day = f.col("day")
    if first is not None:
        appearances = appearances.where(day.isNull() | (day >= f.lit(first)))
    if last is not None:
        appearances = appearances.where(day.isNull() | (day <= f.lit(last)))
    return appearances


def _counted(appearances: DataFrame) -> DataFrame:
    day, country, platform = f.col("day"), f.col("country"), f.col("platform")
    grouped = appearances.groupingSets([[day, country, platform], [day]], day, country, platform)
    return grouped.agg(
        f.count_distinct("user").alias("users"),
        f.count("happened").alias("events"),
        f.unix_millis(f.max("happened")).alias("happened"),
        f.unix_millis(f.max("stored")).alias("stored"),
        (f.grouping_id() != 0).alias("total"),
    ).withColumn("day", day.cast("string"))


def _rows(rows: list[Row]) -> Iterator[DailyRow]:
    for row in rows:
        if not row["total"] and row["day"]:
            yield DailyRow(date.fromisoformat(row["day"]), row["country"], row["platform"], row["users"])


def _freshness(read_at: datetime, row: Row) -> Freshness:
    return Freshness(read_at, row["events"], moment(row["happened"]), moment(row["stored"]))
