"""The one number of a KPI that a person looks at, and how it is written."""

from __future__ import annotations

from decimal import Decimal

from analytics.kpis import Kpi
from analytics.results import KpiRow


def measured(kpi: Kpi, row: KpiRow | None) -> int | Decimal | None:
    """The number that is shown of a row: its amount, its users or its count. None without a row."""
    value: int | Decimal | None = None if row is None else getattr(row, kpi.measure)
    return value


def number(kpi: Kpi, value: int | Decimal | None) -> str:
    """A value as a person reads it: thousands apart, money with its two places, exact. Nothing is zero."""
    return f"{value or Decimal(0):,.2f}" if kpi.measure == "amount" else f"{value or 0:,}"
