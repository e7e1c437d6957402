"""Counting distinct users, exactly: what the reports by day and over several days have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f

from analytics.activities import Activity, appearances_of
from analytics.appearances import appearances
from analytics.results import moment
from analytics.sources import Answer, LakeState, Source, ask
from analytics.writers import TopicSchemas
from avrogate.errors import ConfigError
from avrogate.settings import Settings
from schemas.catalog import Catalog


@dataclass(frozen=True)
class Freshness:
    """How fresh a report is: when it read, how many events, the newest of them by their own time and the broker's.

    `lake` is how far the lake was, for a report from it.
    """

    read_at: datetime
    events: int
    newest_event: datetime | None
    newest_record: datetime | None
    lake: LakeState | None = None


def count_users(
    spark: SparkSession,
    settings: Settings,
    catalog: Catalog,
    *,
    by: Sequence[str],
    activity: Activity,
    first: date | None,
    last: date | None,
    source: Source,
) -> tuple[list[Row], Freshness]:
    """Distinct users by the columns `by` ("day", or none), country and platform, and by `by` alone (`total`).

    Raises what `ask` raises.
    """
    shown = appearances_of(activity, catalog)

    def question(events: DataFrame, schemas: TopicSchemas) -> DataFrame:
        return _counted(_between(appearances(events, schemas, shown), first, last), by)

    only = {one.event for one in shown}
    answer = ask(spark, settings, catalog, source, question, only=only, first=first, last=last)
    rows = [row for row in answer.rows if row["users"]]  # but for those that are about freshness
    return rows, _freshness(answer, catalog)


def _between(appearances: DataFrame, first: date | None, last: date | None) -> DataFrame:
    day = f.col("day")
    if first is not None:
        appearances = appearances.where(day.isNull() | (day >= f.lit(first)))
    if last is not None:
        appearances = appearances.where(day.isNull() | (day <= f.lit(last)))
    return appearances


def _counted(appearances: DataFrame, by: Sequence[str]) -> DataFrame:
    given, where = [f.col(name) for name in by], [f.col("country"), f.col("platform")]
    grouped = appearances.groupingSets([[*given, *where], given], *given, *where)
    return grouped.agg(
        f.count_distinct("user").alias("users"),
        f.count("happened").alias("events"),
        f.unix_millis(f.max("happened")).alias("happened"),
        f.unix_millis(f.max("stored")).alias("stored"),
        (f.grouping_id() != 0).alias("total"),
    ).withColumns({name: f.col(name).cast("string") for name in by})


def _freshness(answer: Answer, catalog: Catalog) -> Freshness:
    found = next((row for row in answer.rows if row["total"] and row["events"]), None)
    if found is not None:
        newest = moment(found["happened"]), moment(found["stored"])
        return Freshness(answer.read_at, found["events"], *newest, answer.lake)
    if answer.lake is None:  # nothing but the markers of transactions
        topic = catalog.stage_topic("enriched")
        raise ConfigError(f"topic {topic} is empty", hint="run `avrogate produce`, then `avrogate process`")
    return Freshness(answer.read_at, 0, None, None, answer.lake)
