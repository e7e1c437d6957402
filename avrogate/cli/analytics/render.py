"""What the analytics print: tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.table import Table

from analytics.results import MinuteKpis
from avrogate.cli.analytics.apart import set_apart
from avrogate.cli.analytics.minute_tables import MINUTES, TOP, minutes, second
from avrogate.cli.console import table

if TYPE_CHECKING:
    from analytics.daily_users import DailyReport
    from analytics.distinct_users import Freshness
    from analytics.parquet import Kind
    from analytics.sink import BatchReport
    from analytics.sources import LakeState

__all__ = ["MINUTES", "TOP", "batch", "daily", "daily_csv", "daily_json", "minutes", "minutes_json"]

DAILY: dict[str, Kind] = {"day": "day", "country": "text", "platform": "text", "users": "number"}
WHO = {"init": "who opened the game", "any": "anyone seen in any event"}


def daily(report: DailyReport, top: int | None = None) -> list[Table | str]:
    """The daily users as a table, the largest groups first, at most `top` of a day; and how fresh it is."""
    freshness = fresh(report.freshness)
    if not report.totals:
        return ["No user on these days.", *freshness]
    cells = list(_daily_cells(report, top))
    title = f"Daily users: {WHO[report.activity]}"
    parts: list[Table | str] = [table(title, ["day (UTC)", "country", "platform", "users"], cells, right=["users"])]
    if len(cells) < len(report.totals) + len(report.rows):
        parts.append("All rows: `avrogate analytics daily-users --top 0`, or `--format csv`.")
    overlap = "A user seen in several countries or on several platforms is in several rows, once in the day's total."
    return [*parts, overlap, *freshness]


def fresh(freshness: Freshness) -> list[str]:
    """How fresh a report is, in a line or two."""
    line = f"{freshness.events:,} events read at {second(freshness.read_at)}"
    if freshness.events:
        line += f"; the newest happened at {second(freshness.newest_event)}"
        line += f" and was stored at {second(freshness.newest_record)}"
    lines = [f"{line}."]
    return lines if freshness.lake is None else [*lines, lake_state(freshness.lake)]


def lake_state(state: LakeState) -> str:
    """How far the lake is, in a line."""
    when = f"The lake was last filled at {second(state.filled_at)}"
    if state.behind is None:
        return f"{when}; how far the topic is ahead is not known, no broker answers."
    if state.behind:
        return f"{when}; the topic is up to {state.behind:,} events ahead: `avrogate analytics lake` catches up."
    return f"{when} and has all of the topic."


def fresh_json(freshness: Freshness) -> dict[str, Any]:
    """The same for programs; what is not known is null, and so is the lake of a report that did not read it."""
    return {
        "read_at": freshness.read_at,
        "events": freshness.events,
        "newest_event": freshness.newest_event,
        "newest_record": freshness.newest_record,
        "lake": freshness.lake and vars(freshness.lake),
    }


def daily_json(report: DailyReport) -> str:
    """The whole report."""
    return as_json(
        {
            "activity": report.activity,
            **fresh_json(report.freshness),
            "totals": [{"day": day, "users": users} for day, users in report.totals.items()],
            "rows": [vars(row) for row in report.rows],
        }
    )


def daily_rows(report: DailyReport) -> Iterator[Sequence[Any]]:
    """Every row as day, country, platform, users; a day's total comes first and has neither country nor platform."""
    for day, total in report.totals.items():
        yield day, None, None, total
        yield from ((day, row.country, row.platform, row.users) for row in report.rows if row.day == day)


def daily_csv(report: DailyReport) -> str:
    """Every row; a day's total comes first and has neither country nor platform."""
    return as_csv(list(DAILY), daily_rows(report))


def minutes_json(results: MinuteKpis) -> str:
    """Every row, amounts as text so that no reader rounds them."""
    rows = [{**vars(row), "dimensions": dict(row.dimensions)} for row in results.rows]
    return as_json({**vars(results), "rows": rows})


def batch(report: BatchReport) -> str:
    """One line about a batch of the streaming query; one more for records that are no event."""
    return "\n".join([batch_line(report), *warnings(report)])


def batch_line(report: BatchReport) -> str:
    """What was read and published."""
    late = f", {report.late_events:,} too late" if report.late_events else ""
    final = f"; final up to {second(report.watermark)}" if report.watermark else ""
    pause = "" if report.pause is None else f"; {report.pause:.1f} s after the query failed"
    return f"batch {report.batch}: {report.events:,} events{late}, {report.values:,} values{final}{pause}"


def warnings(report: BatchReport) -> list[str]:
    """What a person should see, later too: records that are no event."""
    if not report.refused:
        return []
    return [set_apart(report.refused, report.place, report.file)]


def _daily_cells(report: DailyReport, top: int | None) -> Iterator[Sequence[str]]:
    days = {day: list(rows) for day, rows in groupby(report.rows, key=lambda row: row.day)}
    for day, total in report.totals.items():
        yield str(day), "all countries", "all platforms", f"{total:,}"
        rows = sorted(days[day], key=lambda row: (-row.users, row.country, row.platform))
        for row in rows[:top]:
            yield "", row.country, row.platform, f"{row.users:,}"
        if len(rows[:top]) + 1 < len(rows):
            yield "", f"… {len(rows) - len(rows[:top]):,} more rows", "", ""
        elif len(rows[:top]) < len(rows):  # one row takes no more room than saying that there is one
            yield "", rows[-1].country, rows[-1].platform, f"{rows[-1].users:,}"


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Lines of CSV under a heading; nothing is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().removesuffix("\n")


def as_json(content: Any) -> str:
    """JSON for programs; times as ISO 8601, decimals as text so that no reader rounds them."""
    return json.dumps(content, indent=2, ensure_ascii=False, default=_text)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
