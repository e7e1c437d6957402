"""What is known, as the page shows it. Numbers go as exact text; what gives a bar its length may be a float."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from analytics.dashboard.pulse import Beat
from analytics.kpis import Kpi
from analytics.results import KpiRow, MinuteKpis
from analytics.values import measured, number
from avrogate.health import Trouble

MINUTE, TOP = timedelta(minutes=1), 10
View = dict[str, Any]
# a measure that adds up over minutes is nothing, that is 0, in a minute without a row, and has a total
ADDS_UP, ZERO_WITHOUT_ROWS = {"count", "amount"}, {"count", "amount", "users"}


@dataclass(frozen=True)
class Known:
    """All that a view is made of. `done` is the share of the history that was read, `published` is when the newest
    numbers were, in milliseconds since 1970.
    """

    results: MinuteKpis
    letters: Counter[tuple[str, str]]
    beat: Beat
    troubles: Sequence[Trouble]
    done: float
    published: int | None = None


def view(known: Known, kpis: Sequence[Kpi], minutes: int) -> View:
    """A view of at most `minutes` minutes, for JSON. Moments are in seconds since 1970."""
    by_kpi: dict[str, list[KpiRow]] = defaultdict(list)
    for row in known.results.rows:
        by_kpi[row.kpi].append(row)
    shown = list(_shown(known.results))
    return {
        "minutes": minutes,
        "reading": known.done,
        "troubles": [asdict(trouble) for trouble in known.troubles],
        "watermark": _seconds(known.results.watermark),
        "late": f"{known.results.late_events:,}",
        "charts": [_chart(kpi, by_kpi[kpi.name], shown, known) for kpi in kpis if not kpi.dimension_names],
        "rankings": [_ranking(kpi, by_kpi[kpi.name]) for kpi in kpis if kpi.dimension_names],
        "letters": _letters(known.letters),
        "pipeline": _pipeline(known.beat, known.published),
    }


def _shown(results: MinuteKpis) -> Iterator[datetime]:
    """Every minute from the first to the newest that has a row: one without is a minute, too."""
    if results.rows:
        minute, newest = results.rows[0].minute, results.rows[-1].minute
        while minute <= newest:
            yield minute
            minute += MINUTE


def _chart(kpi: Kpi, rows: Sequence[KpiRow], shown: Sequence[datetime], known: Known) -> View:
    values = {row.minute: measured(kpi, row) for row in rows}
    watermark = known.results.watermark
    empty = 0 if kpi.measure in ZERO_WITHOUT_ROWS else None
    points = []
    for minute in shown:
        value = values.get(minute, empty)
        points.append(
            {
                "minute": _seconds(minute),
                "value": None if value is None else float(value),
                "text": "–" if value is None else number(kpi, value),
                "final": watermark is not None and minute + MINUTE <= watermark,
            }
        )
    return {
        "name": kpi.name,
        "title": _title(kpi),
        "points": points,
        "total": _sum(kpi, values.values()) if kpi.measure in ADDS_UP else None,
    }


def _ranking(kpi: Kpi, rows: Sequence[KpiRow]) -> View:
    adds_up = kpi.measure in ADDS_UP
    newest = max((row.minute for row in rows), default=None)
    totals: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        if adds_up or row.minute == newest:
            labels = dict(row.dimensions)
            totals[tuple(labels.get(name, "") for name in kpi.dimension_names)] += measured(kpi, row) or 0
    ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    largest = max((value for _, value in ranked), default=Decimal(0)) or Decimal(1)
    # one row takes no more room than saying that there is one
    top = TOP if len(ranked) > TOP + 1 else TOP + 1
    rest = ranked[top:]
    return {
        "name": kpi.name,
        "title": _title(kpi),
        "dimensions": list(kpi.dimension_names),
        "minute": None if adds_up else _seconds(newest),
        "rows": [
            {"labels": list(labels), "text": _text(kpi, value), "share": float(value / largest)}
            for labels, value in ranked[:top]
        ],
        "rest": f"{len(rest):,}" if rest else None,
        "rest_text": _sum(kpi, (value for _, value in rest)) if rest and adds_up else "",
    }


def _letters(counts: Counter[tuple[str, str]]) -> View:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    largest = max(counts.values(), default=1)
    return {
        "total": f"{counts.total():,}",
        "rows": [
            {"labels": [reason, stage], "text": f"{count:,}", "share": count / largest}
            for (stage, reason), count in ranked
        ],
    }


def _pipeline(beat: Beat, published: int | None) -> View:
    return {
        "lag": f"{sum(beat.lags.values()):,}" if beat.lags else None,
        "lags": [{"partition": part, "text": f"{lag:,}"} for part, lag in sorted(beat.lags.items())],
        "received": None if beat.received is None else beat.received / 1000,
        "published": None if published is None else published / 1000,
        "versions": [
            {"topic": topic, "shares": [(label, _percent(n, counts.total())) for label, n in sorted(counts.items())]}
            for topic, counts in beat.versions.items()
        ],
    }


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if part * 200 >= whole else "< 1%"


def _title(kpi: Kpi) -> str:
    return kpi.heading[:1].upper() + kpi.heading[1:]


def _sum(kpi: Kpi, values: Iterable[int | Decimal | None]) -> str:
    return _text(kpi, sum((Decimal(value or 0) for value in values), Decimal(0)))


def _text(kpi: Kpi, value: Decimal) -> str:
    """A sum as the KPI writes its numbers; counts are whole."""
    return number(kpi, value if kpi.measure not in ZERO_WITHOUT_ROWS - {"amount"} else int(value))


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.astimezone(UTC).timestamp()
