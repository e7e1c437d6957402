"""What a person reads, and what a program reads."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from analytics.daily_users import DailyReport, DailyRow, Freshness
from analytics.kpis import Kpi
from analytics.quarantine import Place
from analytics.range_users import RangeReport, RangeRow
from analytics.results import KpiRow, MinuteKpis
from analytics.sink import BatchReport
from analytics.sources import LakeState
from avrogate.cli.analytics import range_tables, render

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
COUNT, MONEY = Kpi(name="purchases", event="P"), Kpi(name="revenue", event="P", amount="a")
BY = Kpi(name="revenue-by-country", event="P", amount="a", dimensions={"country": "c"})
PAYERS = Kpi(name="arppu", event="P", amount="a", users=("u",), dimensions={"country": "c"}, show="amount-per-user")
WHO = Kpi(name="users-by-country", event="P", users=("u",), dimensions={"country": "c"})


def shown(parts: list[Any]) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(*parts, sep="\n")
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def lines(parts: list[Any], start: str) -> list[list[str]]:
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in shown(parts).splitlines()]
    return [row for row in cells if len(row) > 1 and row[0].startswith(start)]


def at(minute: int) -> datetime:
    return NOON.replace(minute=minute)


def results(*rows: KpiRow, **given: Any) -> MinuteKpis:
    return MinuteKpis(rows=rows, **given)


def test_one_row_a_minute_with_money_exact_and_nothing_as_zero() -> None:
    found = results(
        KpiRow("purchases", at(0), (), 1200, final=True),
        KpiRow("revenue", at(0), (), 1200, Decimal("12345678901234567890.10"), final=True),
        KpiRow("purchases", at(1), (), 1, final=False),
        watermark=at(1),
        late_events=2,
    )
    parts = render.minutes(found, [COUNT, MONEY])
    assert lines(parts, "2026") == [
        ["2026-03-14 12:00", "1,200", "12,345,678,901,234,567,890.10", "final"],
        ["2026-03-14 12:01", "1", "0.00", "provisional"],
    ]
    assert "Minutes that ended by 2026-03-14 12:01:00 UTC are final; 2 events came later than that" in shown(parts)


def test_without_a_watermark_nothing_is_said_of_finality() -> None:
    text = shown(render.minutes(results(KpiRow("purchases", at(0), (), 1)), [COUNT]))
    assert "state" not in text
    assert "final" not in text


def test_no_minutes() -> None:
    assert render.minutes(MinuteKpis()) == ["No minute has an event yet."]


def test_only_the_newest_minutes_are_shown_and_that_is_said() -> None:
    rows = [KpiRow("purchases", at(n), (), 1) for n in range(40)]
    parts = render.minutes(results(*rows), [COUNT])
    assert len(lines(parts, "2026")) == render.MINUTES
    assert f"the newest {render.MINUTES} of 40" in shown(parts)


def test_countries_by_their_total_the_rest_in_one_line() -> None:
    rows = [
        KpiRow("revenue-by-country", at(minute), (("country", f"C{n:02}"),), 1, Decimal(n) / 10)
        for minute in (0, 1)
        for n in range(render.TOP + 3)
    ]
    parts = render.minutes(results(*rows), [BY])
    assert lines(parts, "C14") == [["C14", "1.40", "1.40", "2.80"]]
    assert lines(parts, "… 3 more") == [["… 3 more", "0.30", "0.30", "0.60"]]
    assert lines(parts, "C02") == []


def test_distinct_users_of_minutes_are_never_added_up() -> None:
    rows = [KpiRow("users-by-country", at(n), (("country", "Chad"),), 5, users=3) for n in range(2)]
    parts = render.minutes(results(*rows), [WHO])
    assert lines(parts, "Chad") == [["Chad", "3", "3"]]
    assert "total" not in shown(parts)


def test_country_names_are_text_never_markup() -> None:
    row = KpiRow("revenue-by-country", at(0), (("country", "[red]x[/red]"),), 1, Decimal(1))
    assert "[red]x[/red]" in shown(render.minutes(results(row), [BY]))


def test_minutes_as_json_keep_every_digit() -> None:
    row = KpiRow("revenue", at(0), (("country", "Perú"),), 1, Decimal("10000000000000000.10"), final=False)
    text = render.minutes_json(results(row, watermark=at(1), generation=7))
    assert "Perú" in text
    assert json.loads(text) == {
        "rows": [
            {
                "kpi": "revenue",
                "minute": "2026-03-14T12:00:00+00:00",
                "dimensions": {"country": "Perú"},
                "count": 1,
                "amount": "10000000000000000.10",
                "users": None,
                "final": False,
            }
        ],
        "watermark": "2026-03-14T12:01:00+00:00",
        "late_events": 0,
        "generation": 7,
    }


DAY = date(2026, 3, 14)
REPORT = DailyReport(
    "init",
    (DailyRow(DAY, "Chad", "IOS", 2), DailyRow(DAY, "Peru", "IOS", 1500), DailyRow(DAY, 'A "B", C', "WEB", 2)),
    {DAY: 1501},
    Freshness(NOON, 9000, at(1), at(2)),
)


def test_daily_table_has_the_total_first_then_the_largest() -> None:
    parts = render.daily(REPORT, top=1)
    assert lines(parts, "2026") == [["2026-03-14", "all countries", "all platforms", "1,501"]]
    assert [row[1:] for row in lines(parts, "") if row[0] == "" and len(row) == 4] == [
        ["Peru", "IOS", "1,500"],
        ["… 2 more rows", "", ""],
    ]
    assert "--top 0" in shown(parts)
    assert "9,000 events read at 2026-03-14 12:00:00 UTC" in shown(parts)


@pytest.mark.parametrize("top", [None, 2, 3])
def test_daily_table_says_a_last_row_instead_of_counting_it(top: int | None) -> None:
    parts = render.daily(REPORT, top=top)
    assert [row[1] for row in lines(parts, "") if row[0] == "" and len(row) == 4] == ["Peru", 'A "B", C', "Chad"]
    assert "--top" not in shown(parts)


def test_days_without_a_user() -> None:
    text = shown(render.daily(replace(REPORT, rows=(), totals={})))
    assert text.startswith("No user on these days.\n9,000 events read at")


def test_daily_csv_has_every_row() -> None:
    assert render.daily_csv(REPORT).split("\n") == [
        "day,country,platform,users",
        "2026-03-14,,,1501",
        "2026-03-14,Chad,IOS,2",
        "2026-03-14,Peru,IOS,1500",
        '2026-03-14,"A ""B"", C",WEB,2',
    ]


def test_daily_json() -> None:
    found = json.loads(render.daily_json(REPORT))
    assert found["totals"] == [{"day": "2026-03-14", "users": 1501}]
    assert found["rows"][0] == {"day": "2026-03-14", "country": "Chad", "platform": "IOS", "users": 2}
    assert found["newest_event"] == "2026-03-14T12:01:00+00:00"


def test_a_batch_in_one_line() -> None:
    assert render.batch(BatchReport(3, 1200, 0, 5, None)) == "batch 3: 1,200 events, 5 values"
    assert render.batch(BatchReport(4, 1, 1, 0, NOON)) == (
        "batch 4: 1 events, 1 too late, 0 values; final up to 2026-03-14 12:00:00 UTC"
    )


def test_a_ratio_is_shown_and_never_added() -> None:
    chad, peru = (("country", "Chad"),), (("country", "Peru"),)
    found = results(
        KpiRow("arppu", at(0), chad, 3, Decimal("10.00"), 3),
        KpiRow("arppu", at(1), chad, 1, Decimal("5.00"), 1),
        KpiRow("arppu", at(1), peru, 2, Decimal("0.05"), 2),
    )
    parts = render.minutes(found, [PAYERS])
    assert lines(parts, "Chad") == [["Chad", "3.33", "5.00"]]
    assert lines(parts, "Peru") == [["Peru", "-", "0.02"]]
    assert "total" not in shown(parts)
    single = replace(PAYERS, dimensions={})
    assert lines(render.minutes(results(KpiRow("arppu", at(0), (), 2, Decimal("0.05"), 2)), [single]), "2026") == [
        ["2026-03-14 12:00", "0.02"]
    ]


def test_a_batch_with_records_that_are_no_event_says_where_they_are() -> None:
    report = BatchReport(3, 50, 0, 9, None)
    assert render.batch(report) == "batch 3: 50 events, 9 values"
    place = Place("events-enriched", 1, 17, "unknown-schema")
    lines = render.batch(replace(report, refused=2, place=place, file=Path("q/3.jsonl"), pause=2.84)).splitlines()
    assert lines == [
        "batch 3: 50 events, 9 values; 2.8 s after the query failed",
        "warning: 2 records are no events of the topic, "
        "the first: unknown-schema at events-enriched, partition 1, offset 17; see q/3.jsonl",
    ]


def test_how_far_the_lake_is() -> None:
    def said(state: LakeState) -> str:
        return render.fresh(Freshness(NOON, 0, None, None, state))[1]

    assert (
        said(LakeState(at(1), 0)) == "The lake was last filled at 2026-03-14 12:01:00 UTC and has all of the topic."
    )
    assert "the topic is up to 1,200 events ahead: `avrogate analytics lake`" in said(LakeState(at(1), 1200))
    assert "not known" in said(LakeState(at(1), None))
    assert render.fresh(Freshness(NOON, 0, None, None))[0] == "0 events read at 2026-03-14 12:00:00 UTC."
    found = json.loads(
        render.daily_json(replace(REPORT, freshness=Freshness(NOON, 0, None, None, LakeState(None, 3))))
    )
    assert (found["newest_event"], found["lake"]) == (None, {"filled_at": None, "behind": 3})


RANGE = RangeReport(
    "any",
    DAY,
    None,
    (RangeRow("Chad", "IOS", 2), RangeRow("Peru", "WEB", 1500)),
    1501,
    Freshness(NOON, 9000, at(1), at(2)),
)


def test_users_of_several_days() -> None:
    text = " ".join(shown(range_tables.shown(RANGE, top=1)).split())
    assert "Users of the days from 2026-03-14 together: anyone seen in any event" in text
    assert lines(range_tables.shown(RANGE), "P") == [["Peru", "WEB", "1,500"]]
    assert "1 more rows: `avrogate analytics range-users --top 0`" in text
    assert range_tables.as_text(RANGE, "csv").split("\n") == [
        "country,platform,users",
        ",,1501",
        "Chad,IOS,2",
        "Peru,WEB,1500",
    ]
    found = json.loads(range_tables.as_text(RANGE, "json"))
    assert (found["first"], found["last"], found["total"]) == ("2026-03-14", None, 1501)
    assert shown(range_tables.shown(replace(RANGE, total=0, rows=()))).startswith("No user on these days.")
