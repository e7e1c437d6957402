"""The minute KPIs as they lie in `kpis-minute`, and how a reader gets from records to numbers.

Every record carries (generation, batch, revision). Within a generation a reader keeps, for each KPI, minute
and dimensions, the record with the greatest (batch, revision); a batch that was run again after a crash writes
the same again and changes nothing. A new generation has counted from the beginning of its topic: it replaces
the earlier ones as a whole, as a key that only they have would never be corrected again. While a new one
catches up, a reader sees what it has so far.

The newest watermark is published too: a minute that ends at or before it is final, later ones are provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.consumers import Consumer

MINUTE_MS = 60_000
CONSUMER = Consumer(
    "minute KPI reader",
    "pipeline",
    {
        "MinuteKpi": {
            "kpi": "string",
            "window_start": "timestamp-millis",
            "dimensions": "map<string>",
            "count": "long",
            "amount": "decimal(28,2) | null",
            "users": "long | null",
            "generation": "long",
            "batch": "long",
            "revision": "long",
        },
        "StreamProgress": {
            "generation": "long",
            "batch": "long",
            "watermark": "timestamp-millis",
            "late_events": "long",
        },
    },
)
Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KpiRow:
    """One value of one KPI in one UTC minute.

    `amount` and `users` are None for a KPI that has none. `final` is None where finality has no meaning.
    """

    kpi: str
    minute: datetime
    dimensions: Dimensions
    count: int
    amount: Decimal | None = None
    users: int | None = None
    final: bool | None = None


@dataclass(frozen=True)
class MinuteKpis:
    """What `kpis-minute` says now: rows by minute, KPI and dimensions.

    `late_events` came behind the watermark: they are in no row but those of minutes that were recomputed since.
    `generation` and `watermark` are None if
    nothing was ever published.
    """

    rows: tuple[KpiRow, ...] = ()
    watermark: datetime | None = None
    late_events: int = 0
    generation: int | None = None


@dataclass
class Fold:
    """Takes decoded records in any order (of equal ones, the later) and keeps the greatest."""

    generation: int = -1
    values: dict[tuple[str, int, Dimensions], Mapping[str, Any]] = field(default_factory=dict)
    progress: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    def add_kpi(self, record: Mapping[str, Any]) -> None:
        """Take a MinuteKpi."""
        if not self._current(record["generation"]):
            return
        key = (record["kpi"], record["window_start"], tuple(sorted(record["dimensions"].items())))
        kept = self.values.get(key)
        if kept is None or _age(record) >= _age(kept):
            self.values[key] = record

    def add_progress(self, record: Mapping[str, Any]) -> None:
        """Take a StreamProgress."""
        if self._current(record["generation"]):
            self.progress[record["batch"]] = record

    def result(self) -> MinuteKpis:
        """The numbers so far."""
        if self.generation < 0:
            return MinuteKpis()
        watermark = max((record["watermark"] for record in self.progress.values()), default=0)
        late = sum(record["late_events"] for record in self.progress.values())
        rows = (_row(key, record, watermark) for key, record in self.values.items())
        return MinuteKpis(ordered(rows), moment(watermark) if watermark else None, late, self.generation)

    def _current(self, generation: int) -> bool:
        if generation > self.generation:
            self.generation = generation
            self.values.clear()
            self.progress.clear()
        return generation == self.generation


def ordered(rows: Iterable[KpiRow]) -> tuple[KpiRow, ...]:
    """Rows by minute, then by KPI and dimensions."""
    return tuple(sorted(rows, key=lambda row: (row.minute, row.kpi, row.dimensions)))


def moment(milliseconds: int) -> datetime:
    """A UTC moment, exact to the millisecond."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def _age(record: Mapping[str, Any]) -> tuple[int, int]:
    return record["batch"], record["revision"]


def _row(key: tuple[str, int, Dimensions], record: Mapping[str, Any], watermark: int) -> KpiRow:
    kpi, start, dimensions = key
    final = start + MINUTE_MS <= watermark
    return KpiRow(kpi, moment(start), dimensions, record["count"], record["amount"], record["users"], final)
