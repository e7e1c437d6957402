"""What the analytics print: tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.table import Table

from analytics.results import MinuteKpis
from avrogate.cli.analytics.minute_tables import MINUTES, TOP, minutes, second
from avrogate.cli.console import table

if TYPE_CHECKING:
    from analytics.daily_users import DailyReport
    from analytics.sink import BatchReport

__all__ = ["MINUTES", "TOP", "batch", "daily", "daily_csv", "daily_json", "minutes", "minutes_json"]

WHO = {"init": "who opened the game", "any": "anyone seen in any event"}


def daily(report: DailyReport, top: int | None = None) -> list[Table | str]:
    """The daily users as a table, the largest groups first, at most `top` of a day; and how fresh it is."""
    fresh = report.freshness
    freshness = (
        f"{fresh.events:,} events read at {second(fresh.read_at)}; the newest happened at "
        f"{second(fresh.newest_event)} and was stored at {second(fresh.newest_record)}."
    )
    if not report.totals:
        return ["No user on these days.", freshness]
    cells = list(_daily_cells(report, top))
    title = f"Daily users: {WHO[report.activity]}"
    parts: list[Table | str] = [table(title, ["day (UTC)", "country", "platform", "users"], cells, right=["users"])]
    if len(cells) < len(report.totals) + len(report.rows):
        parts.append("All rows: `avrogate analytics daily-users --top 0`, or `--format csv`.")
    overlap = "A user seen in several countries or on several platforms is in several rows, once in the day's total."
    return [*parts, overlap, freshness]


def daily_json(report: DailyReport) -> str:
    """The whole report."""
    fresh = report.freshness
    return _json(
        {
            "activity": report.activity,
            "read_at": fresh.read_at,
            "events": fresh.events,
            "newest_event": fresh.newest_event,
            "newest_record": fresh.newest_record,
            "totals": [{"day": day, "users": users} for day, users in report.totals.items()],
            "rows": [vars(row) for row in report.rows],
        }
    )


def daily_csv(report: DailyReport) -> str:
    """Every row; a day's total comes first and has neither country nor platform."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["day", "country", "platform", "users"])
    for day, total in report.totals.items():
        writer.writerow([day, "", "", total])
        writer.writerows([day, row.country, row.platform, row.users] for row in report.rows if row.day == day)
    return out.getvalue().removesuffix("\n")


def minutes_json(results: MinuteKpis) -> str:
    """Every row, amounts as text so that no reader rounds them."""
    rows = [{**vars(row), "dimensions": dict(row.dimensions)} for row in results.rows]
    return _json({**vars(results), "rows": rows})


def batch(report: BatchReport) -> str:
    """One line about a batch of the streaming query; one more for records that are no event."""
    late = f", {report.late_events:,} too late" if report.late_events else ""
    final = f"; final up to {second(report.watermark)}" if report.watermark else ""
    pause = "" if report.pause is None else f"; {report.pause:.1f} s after the query failed"
    line = f"batch {report.batch}: {report.events:,} events{late}, {report.values:,} values{final}{pause}"
    if not report.refused:
        return line
    place, kind = report.place, "record is no event" if report.refused == 1 else "records are no events"
    first = place and f"{place.reason} at {place.topic}, partition {place.partition}, offset {place.offset}"
    where = f", the first: {first}; see {report.file}" if first else ""
    return f"{line}\nwarning: {report.refused:,} {kind} of the topic{where}"


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


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, default=_text)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
