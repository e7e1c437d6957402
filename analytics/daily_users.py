"""Distinct users of a day, by country and platform. Exact; days are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyspark.sql import SparkSession

from analytics.activities import Activity
from analytics.distinct_users import Freshness, count_users
from analytics.sources import Source
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog

__all__ = ["DailyReport", "DailyRow", "Freshness", "daily_users"]


@dataclass(frozen=True)
class DailyRow:
    """Distinct users of a day under one country and platform."""

    day: date
    country: str
    platform: str
    users: int


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
    source: Source = "kafka",
    catalog: Catalog | None = None,
) -> DailyReport:
    """Distinct users by day (UTC), country and platform, of the days from `first` to `last`, both included.

    `init` counts who opened the game; `any` everyone seen in any event, both players of a match.
    Raises what `analytics.sources.ask` raises.
    """
    catalog = catalog or shipped_catalog()
    rows, freshness = count_users(
        spark, settings, catalog, by=["day"], activity=activity, first=first, last=last, source=source
    )
    totals = {date.fromisoformat(row["day"]): row["users"] for row in rows if row["total"]}
    detail = [
        DailyRow(date.fromisoformat(row["day"]), row["country"], row["platform"], row["users"])
        for row in rows
        if not row["total"]
    ]
    detail.sort(key=lambda row: (row.day, row.country, row.platform))
    return DailyReport(activity, tuple(detail), dict(sorted(totals.items())), freshness)
