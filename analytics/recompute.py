"""Final minutes once more, from the lake: what came too late for the stream is counted then.

The rows go to `kpis-minute` under the stream's generation and its newest batch, as a higher revision than any that
is there. Only final minutes: the stream writes those no more, while a later batch of it would override the numbers of
a provisional one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from analytics.contributions import aggregate, contributed
from analytics.kpi_reader import read_fold
from analytics.kpi_topic import KpiPublisher
from analytics.kpis import Kpi, shipped_kpis
from analytics.lake import Filled, Lake, catalog_schemas, clear_errors, columns, existing_lake
from analytics.lake_fill import fill_lake
from analytics.minute_kpis import kpi_rows, result_columns
from analytics.results import Fold, KpiRow
from analytics.sources import require_same, topic_ends
from avrogate.errors import ConfigError, InUse
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog

MINUTE = timedelta(minutes=1)
# a lake that another process fills has every event after two of its batches at most
PATIENCE, POLL = 90.0, 1.0


@dataclass(frozen=True)
class Recomputation:
    """What was published: how many values of which minutes, how many of them are others than before."""

    first: datetime
    last: datetime
    values: int
    changed: int
    revision: int


def recompute(
    spark: SparkSession,
    settings: Settings,
    first: datetime,
    last: datetime,
    *,
    catalog: Catalog | None = None,
    kpis: Sequence[Kpi] | None = None,
) -> Recomputation:
    """Compute the minutes from `first` to `last`, both included, from the lake, and publish them.

    The lake catches up first. A value that is in the topic and that the lake does not give becomes zero. A KPI that
    is younger than these minutes gets its numbers.

    Raises ConfigError for minutes that are not final or that the lake may not have all events of, for a lake that
    is not there or is not this topic's, and for what else `fill_lake` and `KpiPublisher` raise.
    """
    catalog = catalog or shipped_catalog()
    chosen = {kpi.name: kpi for kpi in (shipped_kpis() if kpis is None else kpis)}
    publisher = KpiPublisher(settings, catalog)
    fold = final_minutes(settings, catalog, last)
    with clear_errors(settings):
        lake = existing_lake(spark, settings)
        _require_complete(lake, first)
        _catch_up(lake, settings, catalog)
        computed = _computed(lake, catalog, chosen, first, last + MINUTE)
    there = {_key(row): row for row in fold.result().rows if first <= row.minute <= last and row.kpi in chosen}
    now = {_key(row): row for row in computed}
    rows = [*now.values(), *(_nothing(row, chosen[row.kpi]) for key, row in there.items() if key not in now)]
    records = (record for minute in fold.values.values() for record in minute.values())
    revision = 1 + max((record["revision"] for record in records), default=0)
    publisher.publish(rows, fold.generation, max(fold.progress), revision)
    changed = sum(_key(row) not in there or _value(row) != _value(there[_key(row)]) for row in rows)
    return Recomputation(first, last, len(rows), changed, revision)


def final_minutes(settings: Settings, catalog: Catalog, last: datetime) -> Fold:
    """What `kpis-minute` says now. Raises ConfigError unless `last` and all minutes before are final."""
    fold = read_fold(settings, catalog)
    watermark = fold.result().watermark
    if watermark is None:
        raise ConfigError("no minute is final yet", hint="let `avrogate analytics minute-kpis` count first")
    if last + MINUTE > watermark:
        raise ConfigError(
            f"the minute {last:%Y-%m-%d %H:%M} is not final: only what ended by {watermark:%Y-%m-%d %H:%M:%S} UTC is",
            hint=f"ask for minutes up to {watermark - MINUTE:%Y-%m-%dT%H:%M}; later ones are still being counted",
        )
    return fold


def _require_complete(lake: Lake, first: datetime) -> None:
    """Events that had left the topic before the lake was begun are not in it: numbers without them would be wrong."""
    since = lake.complete_from
    if first < since:
        raise ConfigError(
            f"the lake at {lake.location} may lack events of {first:%Y-%m-%d %H:%M}: it has all from "
            f"{since:%Y-%m-%d %H:%M:%S} UTC on",
            hint="older ones had left the topic when the lake was begun: what was published stays",
        )


def _catch_up(lake: Lake, settings: Settings, catalog: Catalog) -> None:
    """Let the lake have all that the topic has now, and with it all that the stream has counted."""
    topic = catalog.stage_topic("enriched")
    require_same(lake, settings, topic)
    ends = topic_ends(settings, topic)
    if not _behind(lake.filled(), ends):
        return
    try:
        fill_lake(lake.spark, settings, until_idle=0, catalog=catalog)
    except InUse:  # another process fills it
        deadline = time.monotonic() + PATIENCE
        while _behind(lake.filled(), ends):
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL)


def _behind(filled: Filled | None, ends: dict[int, int]) -> bool:
    return any(ends.values()) if filled is None else filled.behind(ends) > 0


def _computed(lake: Lake, catalog: Catalog, kpis: dict[str, Kpi], first: datetime, end: datetime) -> list[KpiRow]:
    schemas = catalog_schemas(catalog)
    only = {part.event for kpi in kpis.values() for part in kpi.parts}
    days = first.date(), (end - timedelta(microseconds=1)).date()
    events = lake.events(columns(lake.spark, schemas), only=only, first=days[0], last=days[1])
    events = events.where((f.col("time") >= f.lit(first)) & (f.col("time") < f.lit(end)))
    rows = aggregate(contributed(events, list(kpis.values()), schemas, arrivals=False))
    return kpi_rows(result_columns(rows).collect(), kpis)


def _nothing(row: KpiRow, kpi: Kpi) -> KpiRow:
    amount, users = Decimal("0.00") if kpi.has_amount else None, 0 if kpi.has_users else None
    return KpiRow(row.kpi, row.minute, row.dimensions, 0, amount, users)


def _key(row: KpiRow) -> tuple[object, ...]:
    return row.kpi, row.minute, tuple(sorted(row.dimensions))


def _value(row: KpiRow) -> tuple[object, ...]:
    return row.count, row.amount, row.users
