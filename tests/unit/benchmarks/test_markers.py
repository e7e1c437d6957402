"""Purchases that are found again in the minute KPIs."""

from __future__ import annotations

from benchmarks.markers import CODE, COUNTRY, KPI, Markers
from processors.rules.country_name import names
from producers.countries import wheel

MINUTE = 1_700_000_040


def value(count: int, minute: int = MINUTE, country: str = COUNTRY, kpi: str = KPI) -> dict[str, object]:
    return {"kpi": kpi, "window_start": minute * 1000, "dimensions": {"country": country}, "count": count}


def test_nobody_else_lives_in_their_country():
    assert names()[CODE] == COUNTRY
    assert CODE not in wheel()


def test_a_marker_has_arrived_with_the_first_value_that_counts_it():
    markers = Markers()
    for after in (0.25, 0.75, 1.25):
        markers.send(MINUTE + after)
    markers.take(value(1), MINUTE + 2)
    markers.take(value(1), MINUTE + 3)
    assert list(markers.latencies()) == [1.75]
    assert markers.missing == 2
    markers.take(value(3), MINUTE + 4)
    assert list(markers.latencies()) == [1.75, 3.25, 2.75]
    assert list(markers.latencies(since=MINUTE + 0.5)) == [3.25, 2.75]
    assert markers.missing == 0


def test_each_minute_counts_its_own():
    markers = Markers()
    markers.send(MINUTE + 59.9)
    markers.send(MINUTE + 60.4)
    markers.take(value(1, MINUTE + 60), MINUTE + 62.4)
    assert list(markers.latencies()) == [2.0]
    assert markers.missing == 1


def test_other_values_are_not_looked_at():
    markers = Markers()
    markers.send(MINUTE)
    markers.take(value(1, country="Portugal"), MINUTE + 1)
    markers.take({**value(1, kpi="purchases"), "dimensions": {}}, MINUTE + 1)
    assert markers.missing == 1
