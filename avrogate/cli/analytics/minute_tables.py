"""The minute KPIs as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.table import Table

from analytics.kpis import Kpi, shipped_kpis
from analytics.results import Dimensions, KpiRow, MinuteKpis
from analytics.values import adds_up, measured, number
from avrogate.cli.console import table

MINUTES, MINUTES_ACROSS, TOP = 30, 4, 12


def minutes(results: MinuteKpis, kpis: Iterable[Kpi] | None = None) -> list[Table | str]:
    """One row a minute with every KPI that has no dimensions, then a table for each that has."""
    if not results.rows:
        return ["No minute has an event yet."]
    chosen = shipped_kpis() if kpis is None else tuple(kpis)
    parts: list[Table | str] = [overview(results, chosen)]
    for kpi in chosen:
        rows = [row for row in results.rows if row.kpi == kpi.name]
        if kpi.dimension_names and rows:
            parts.append(_by_dimension(kpi, rows))
    if results.watermark:
        late = f"{results.late_events:,} events came later than that, which only `--recompute` counts"
        parts.append(f"Minutes that ended by {second(results.watermark)} are final; {late}.")
    return parts


def overview(results: MinuteKpis, kpis: Iterable[Kpi] | None = None, most: int = MINUTES) -> Table:
    """One row a minute, the newest at most `most`, with every KPI that has no dimensions."""
    chosen = shipped_kpis() if kpis is None else kpis
    return _overview(results, [kpi for kpi in chosen if not kpi.dimension_names], most)


def pivot(rows: Iterable[KpiRow], kpis: Mapping[str, Kpi]) -> dict[datetime, dict[str, KpiRow]]:
    """Rows without dimensions by minute, then by KPI; only those of `kpis`."""
    result: dict[datetime, dict[str, KpiRow]] = defaultdict(dict)
    for row in rows:
        if row.kpi in kpis and not row.dimensions:
            result[row.minute][row.kpi] = row
    return dict(sorted(result.items()))


def second(moment: datetime | None) -> str:
    """A moment to the second, or a dash."""
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _overview(results: MinuteKpis, kpis: Sequence[Kpi], most: int) -> Table:
    by_minute = pivot(results.rows, {kpi.name: kpi for kpi in kpis})
    stateful = results.watermark is not None or any(row.final is not None for row in results.rows)
    cells = []
    for minute, rows in list(by_minute.items())[-most:]:
        values = [number(kpi, measured(kpi, rows.get(kpi.name))) for kpi in kpis]
        state = "final" if all(row.final for row in rows.values()) else "provisional"
        cells.append([f"{minute:%Y-%m-%d %H:%M}", *values, *([state] if stateful else [])])
    shown = f", the newest {most} of {len(by_minute):,}" if len(by_minute) > most else ""
    headings = [kpi.heading for kpi in kpis]
    columns = ["minute (UTC)", *headings, *(["state"] if stateful else [])]
    return table(f"Minute KPIs{shown}", columns, cells, right=headings)


def _by_dimension(kpi: Kpi, rows: Sequence[KpiRow]) -> Table:
    newest = sorted({row.minute for row in rows})[-MINUTES_ACROSS:]
    values = {(row.dimensions, row.minute): measured(kpi, row) for row in rows}
    totals: dict[Dimensions, Any] = defaultdict(int)
    for (dimensions, _), value in values.items():
        totals[dimensions] += value or 0
    largest = sorted(totals, key=lambda dimensions: (-totals[dimensions], dimensions))
    # where several minutes do not add up, a table orders by their sum and does not show it
    summed = adds_up(kpi)
    cells = [
        [
            *(dict(key).get(name, "") for name in kpi.dimension_names),
            *(number(kpi, values.get((key, minute))) for minute in newest),
            *([number(kpi, totals[key])] if summed else []),
        ]
        for key in largest[:TOP]
    ]
    if len(largest) > TOP:
        cells.append(_rest(kpi, largest[TOP:], newest, values, totals, summed))
    times = [f"{minute:%H:%M}" for minute in newest]
    numbers = [*times, *(["total"] if summed else [])]
    title = kpi.heading[:1].upper() + kpi.heading[1:]
    return table(title, [*kpi.dimension_names, *numbers], cells, right=numbers)


def _rest(
    kpi: Kpi,
    keys: Sequence[Dimensions],
    newest: Sequence[datetime],
    values: Mapping[tuple[Dimensions, datetime], int | Decimal | None],
    totals: Mapping[Dimensions, Any],
    summed: bool,
) -> list[str]:
    """The line for all that the table does not list; sums only where values add up."""
    name = [f"… {len(keys):,} more", *([""] * (len(kpi.dimension_names) - 1))]
    if not summed:
        return [*name, *([""] * len(newest))]
    sums = [sum((values.get((key, minute)) or 0 for key in keys), Decimal(0)) for minute in newest]
    return [*name, *(number(kpi, value) for value in [*sums, sum((totals[key] for key in keys), Decimal(0))])]
