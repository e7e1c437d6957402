"""Lakes for the benchmarks that ask them: filled from Kafka, as a user's is, with the events of so many days."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from analytics.daily_users import DailyReport, daily_users
from analytics.lake_fill import fill_lake
from avrogate.settings import Settings
from benchmarks.enriched import Keyed, distinct, prepared, write
from schemas.catalog import Catalog
from schemas.registry import Registry

LAST, EPOCH = date(2026, 3, 14), date(1970, 1, 1)
DAY_MS = 86_400_000


@dataclass(frozen=True)
class BenchmarkLake:
    """A lake of `days` days up to `LAST`, each with the same events but for their time."""

    settings: Settings
    catalog: Catalog

    def report(self, spark: SparkSession) -> tuple[float, DailyReport]:
        """The daily users of the last day, and the seconds that took."""
        started = time.perf_counter()
        found = daily_users(spark, self.settings, first=LAST, last=LAST, source="lake", catalog=self.catalog)
        return time.perf_counter() - started, found


def filled(spark: SparkSession, settings: Settings, home: Path, days: int, events: int) -> BenchmarkLake:
    """A lake under `home` with `events` events a day."""
    catalog = prepared(settings)
    own = settings.model_copy(update={"home": home, "lake": str(home / "lake"), "checkpoints": home / "checkpoints"})
    write(own, catalog, _events(own, catalog, days, events))
    fill_lake(spark, own, until_idle=0, catalog=catalog)
    return BenchmarkLake(own, catalog)


def _events(settings: Settings, catalog: Catalog, days: int, events: int) -> Iterator[Keyed]:
    registry = Registry(settings)
    for ago in reversed(range(days)):
        start = (LAST - timedelta(days=ago) - EPOCH).days * DAY_MS
        yield from distinct(catalog, registry, events, start, DAY_MS)
