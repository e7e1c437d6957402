"""The one number of a KPI that a person looks at, and how it is written."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from analytics.kpis import Kpi
from analytics.results import KpiRow

MONEY = ("amount", "amount-per-user")


def measured(kpi: Kpi, row: KpiRow | None) -> int | Decimal | None:
    """The number that is shown of a row: its amount, its users, its count, or the amount by user.

    None without a row, and where there is nothing to divide by.
    """
    if row is None:
        return None
    if kpi.measure == "amount-per-user":
        return ratio(row.amount, row.users)
    value: int | Decimal | None = getattr(row, kpi.measure)
    return value


def ratio(amount: Decimal | None, users: int | None) -> Decimal | None:
    """Amount by user: the exact quotient, rounded half-even to two places. None for nobody."""
    if amount is None or not users:
        return None
    # a fraction of whole numbers: no quotient is cut before it is rounded, and Python's `round` is half-even
    hundredths = round(Fraction(amount) * 100 / users)
    return Decimal(hundredths).scaleb(-2)


def adds_up(kpi: Kpi) -> bool:
    """Whether the numbers of several minutes or dimensions may be added: not distinct users, not a ratio."""
    return kpi.measure in ("count", "amount")


def number(kpi: Kpi, value: int | Decimal | None) -> str:
    """A value as a person reads it: thousands apart, money with its two places, exact.

    Nothing is zero, but for a ratio: there it is a dash.
    """
    if value is None and kpi.measure == "amount-per-user":
        return "-"
    return f"{value or Decimal(0):,.2f}" if kpi.measure in MONEY else f"{value or 0:,}"
