"""The users of several days: a table for people, JSON and CSV for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from avrogate.cli.analytics.render import WHO, as_csv, as_json, fresh, fresh_json
from avrogate.cli.console import table

if TYPE_CHECKING:
    from analytics.parquet import Kind
    from analytics.range_users import RangeReport

KINDS: dict[str, Kind] = {"country": "text", "platform": "text", "users": "number"}


def shown(report: RangeReport, top: int | None = None) -> list[Table | str]:
    """The table, the largest groups first, at most `top` of them; and how fresh it is."""
    freshness = fresh(report.freshness)
    if not report.total:
        return ["No user on these days.", *freshness]
    largest = sorted(report.rows, key=lambda row: (-row.users, row.country, row.platform))
    cells = [("all countries", "all platforms", f"{report.total:,}")]
    cells += [(row.country, row.platform, f"{row.users:,}") for row in largest[:top]]
    left = len(largest) - len(largest[:top])
    parts: list[Table | str] = [table(_title(report), list(KINDS), cells, right=["users"])]
    if left:
        parts.append(f"{left:,} more rows: `avrogate analytics range-users --top 0`, or `--format csv`.")
    overlap = "A user seen in several countries or on several platforms is in several rows, once in the total."
    return [*parts, overlap, *freshness]


def rows(report: RangeReport) -> Iterator[Sequence[Any]]:
    """Every row; the total comes first and has neither country nor platform."""
    yield None, None, report.total
    yield from ((row.country, row.platform, row.users) for row in report.rows)


def as_text(report: RangeReport, form: str) -> str:
    """The whole report as `json` or `csv`."""
    if form == "csv":
        return as_csv(list(KINDS), rows(report))
    days = {"activity": report.activity, "first": report.first, "last": report.last}
    listed = [vars(row) for row in report.rows]
    return as_json({**days, **fresh_json(report.freshness), "total": report.total, "rows": listed})


def _title(report: RangeReport) -> str:
    ends = " ".join(f"{word} {day}" for word, day in (("from", report.first), ("to", report.last)) if day)
    return f"Users of {f'the days {ends}' if ends else 'all days'} together: {WHO[report.activity]}"
