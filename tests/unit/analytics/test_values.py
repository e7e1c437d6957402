"""The number of a KPI that is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from analytics.kpis import Kpi
from analytics.results import KpiRow
from analytics.values import adds_up, measured, number, ratio

MINUTE = datetime(2026, 3, 14, 12, tzinfo=UTC)
ARPPU = Kpi(name="arppu", event="P", amount="a", users=("u",), show="amount-per-user")


@pytest.mark.parametrize(
    ("amount", "users", "expected"),
    [
        ("10.00", 4, "2.50"),
        ("0.01", 2, "0.00"),  # half of a hundredth, to the even neighbour
        ("0.03", 2, "0.02"),
        ("0.05", 2, "0.02"),
        ("10.00", 3, "3.33"),
        ("20.00", 3, "6.67"),
        ("0.00", 7, "0.00"),
        # 28 digits, and a tie that a quotient of 28 digits would not show as one
        ("99999999999999999999999999.99", 1, "99999999999999999999999999.99"),
        ("99999999999999999999999999.99", 2, "50000000000000000000000000.00"),
        ("0.50000000000000000000000000", 100, "0.00"),
    ],
)
def test_a_ratio_is_rounded_once_half_even(amount: str, users: int, expected: str) -> None:
    assert ratio(Decimal(amount), users) == Decimal(expected)
    row = KpiRow("arppu", MINUTE, (), 1, Decimal(amount), users)
    assert measured(ARPPU, row) == Decimal(expected)
    assert number(ARPPU, measured(ARPPU, row)) == f"{Decimal(expected):,.2f}"


@pytest.mark.parametrize(("amount", "users"), [(None, 3), (Decimal("1.00"), 0), (Decimal("1.00"), None)])
def test_nobody_to_divide_by_is_a_dash(amount: Decimal | None, users: int | None) -> None:
    assert measured(ARPPU, KpiRow("arppu", MINUTE, (), 0, amount, users)) is None
    assert number(ARPPU, None) == "-"
    assert measured(ARPPU, None) is None


def test_what_may_be_added() -> None:
    assert adds_up(Kpi(name="purchases", event="P"))
    assert adds_up(Kpi(name="revenue", event="P", amount="a"))
    assert not adds_up(Kpi(name="users", event="P", users=("u",)))
    assert not adds_up(ARPPU)
