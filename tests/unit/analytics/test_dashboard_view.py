"""What the dashboard's page is given: exact text, gaps that say what they are, the largest groups first."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from analytics.dashboard.pulse import Beat
from analytics.dashboard.view import TOP, Known, view
from analytics.kpis import Kpi
from analytics.results import KpiRow, MinuteKpis, ordered
from avrogate.health import Trouble

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
COUNT, MONEY = Kpi(name="purchases", event="P"), Kpi(name="revenue", event="P", amount="a")
BY = Kpi(name="revenue-by-country", event="P", amount="a", dimensions={"country": "c"})
WHO = Kpi(name="users-by-country", event="P", users=("u",), dimensions={"country": "c"})


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def shown(*rows: KpiRow, kpis: tuple[Kpi, ...] = (COUNT, MONEY), **given: Any) -> dict[str, Any]:
    results = MinuteKpis(ordered(rows), given.pop("watermark", None), 4, 1)
    known = {"letters": Counter(), "beat": Beat(), "troubles": [], "done": 1.0, **given}
    return view(Known(results, **known), kpis, 60)


def test_nothing_yet() -> None:
    found = shown(kpis=(COUNT, BY))
    assert [chart["points"] for chart in found["charts"]] == [[]]
    assert [ranking["rows"] for ranking in found["rankings"]] == [[]]
    assert found["pipeline"]["lag"] is None


def test_a_minute_without_a_row_is_nothing_and_is_shown() -> None:
    rows = [KpiRow("purchases", at(0), (), 1234), KpiRow("purchases", at(3), (), 1)]
    rows.append(KpiRow("revenue", at(1), (), 1, Decimal("1234567890123456.78")))
    count, money = shown(*rows, watermark=at(2))["charts"]
    assert [point["text"] for point in count["points"]] == ["1,234", "0", "0", "1"]
    assert [point["final"] for point in count["points"]] == [True, True, False, False]
    assert [point["minute"] for point in count["points"]] == [at(n).timestamp() for n in range(4)]
    assert [point["text"] for point in money["points"]] == ["0.00", "1,234,567,890,123,456.78", "0.00", "0.00"]
    assert (count["total"], money["total"]) == ("1,235", "1,234,567,890,123,456.78")


def test_sums_of_money_are_exact() -> None:
    rows = [KpiRow("revenue", at(n), (), 1, Decimal("0.10")) for n in range(3)]
    rows += [
        KpiRow("revenue-by-country", at(n), (("country", "X"),), 1, Decimal("9999999999999999.99")) for n in (0, 1)
    ]
    found = shown(*rows, kpis=(MONEY, BY))
    assert found["charts"][0]["total"] == "0.30"
    assert found["rankings"][0]["rows"][0]["text"] == "19,999,999,999,999,999.98"


def test_the_largest_groups_are_listed_and_the_rest_summed() -> None:
    rows = [KpiRow("revenue-by-country", at(0), (("country", f"c{n:02}"),), 1, Decimal(n)) for n in range(TOP + 3)]
    (found,) = shown(*rows, kpis=(BY,))["rankings"]
    assert [row["labels"] for row in found["rows"]] == [[f"c{n:02}"] for n in range(TOP + 2, 2, -1)]
    assert (found["rest"], found["rest_text"]) == ("3", "3.00")
    (found,) = shown(*rows[: TOP + 1], kpis=(BY,))["rankings"]
    assert (len(found["rows"]), found["rest"]) == (TOP + 1, None)


def test_what_does_not_add_up_is_of_the_newest_minute() -> None:
    rows = [
        KpiRow("users-by-country", at(n), (("country", c),), 1, users=u) for n, c, u in [(0, "A", 9), (1, "B", 2)]
    ]
    (found,) = shown(*rows, kpis=(WHO,))["rankings"]
    assert [(row["labels"], row["text"]) for row in found["rows"]] == [(["B"], "2")]
    assert found["minute"] == at(1).timestamp()


def test_the_pipeline_and_what_is_wrong_with_it() -> None:
    beat = Beat({0: 1200, 1: 30}, 1500, {"raw": Counter({"init v1": 999, "init v2": 1})})
    found = shown(
        beat=beat,
        letters=Counter({("processor", "event-time"): 3, ("producer", "not-json"): 5}),
        troubles=[Trouble("broker unreachable", 3.0)],
        published=2500,
    )
    assert (found["pipeline"]["lag"], found["pipeline"]["received"], found["late"]) == ("1,230", 1.5, "4")
    assert found["pipeline"]["published"] == 2.5
    assert found["pipeline"]["versions"] == [{"topic": "raw", "shares": [("init v1", "100%"), ("init v2", "< 1%")]}]
    assert [row["labels"] for row in found["letters"]["rows"]] == [
        ["not-json", "producer"],
        ["event-time", "processor"],
    ]
    assert found["letters"]["total"] == "8"
    assert found["troubles"] == [{"message": "broker unreachable", "since": 3.0, "final": False}]
