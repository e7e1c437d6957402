"""Distinct users of several days together, by country and platform. Exact; days are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyspark.sql import SparkSession

from analytics.activities import Activity
from analytics.distinct_users import Freshness, count_users
from analytics.sources import Source
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog


@dataclass(frozen=True)
class RangeRow:
    """Distinct users of the days under one country and platform."""

    country: str
    platform: str
    users: int


@dataclass(frozen=True)
class RangeReport:
    """Rows by country and platform. One user can be in several rows, on several days: `total` has them once."""

    activity: Activity
    first: date | None
    last: date | None
    rows: tuple[RangeRow, ...]
    total: int
    freshness: Freshness


def range_users(
    spark: SparkSession,
    settings: Settings,
    *,
    activity: Activity = "init",
    first: date | None = None,
    last: date | None = None,
    source: Source = "lake",
    catalog: Catalog | None = None,
) -> RangeReport:
    """Distinct users of the days from `first` to `last`, both included; None: of all days before or after.

    Raises what `analytics.sources.ask` raises.
    """
    catalog = catalog or shipped_catalog()
    rows, freshness = count_users(
        spark, settings, catalog, by=[], activity=activity, first=first, last=last, source=source
    )
    detail = [RangeRow(row["country"], row["platform"], row["users"]) for row in rows if not row["total"]]
    detail.sort(key=lambda row: (row.country, row.platform))
    total = next((row["users"] for row in rows if row["total"]), 0)
    return RangeReport(activity, first, last, tuple(detail), total, freshness)
