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
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.consumers import Consumer

MINUTE_MS = 60_000
# how many batches may lie between one that failed and its second run: one would do
BATCHES_APART = 100
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
    """Takes decoded records in any order (of equal ones, the later) and keeps the greatest.

    What a batch said of its late events is kept apart for the newest batches only, as a batch runs again right
    after it failed or never. With `keep`, minutes that are so many older than the newest are forgotten: without it
    a reader that runs for weeks would hold every minute of them.
    """

    keep: int | None = None
    generation: int = -1
    values: dict[int, dict[tuple[str, Dimensions], Mapping[str, Any]]] = field(default_factory=dict)
    progress: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    newest: int = 0
    watermark: int = 0
    late_before: int = 0

    def add_kpi(self, record: Mapping[str, Any]) -> None:
        """Take a MinuteKpi."""
        start = record["window_start"]
        if not self._current(record["generation"]) or start < self._oldest(self.keep):
            return
        if start > self.newest:
            self.newest = start
            self._forget()
        minute = self.values.setdefault(start, {})
        key = record["kpi"], tuple(sorted(record["dimensions"].items()))
        kept = minute.get(key)
        if kept is None or _age(record) >= _age(kept):
            minute[key] = record

    def add_progress(self, record: Mapping[str, Any]) -> None:
        """Take a StreamProgress."""
        if not self._current(record["generation"]):
            return
        self.watermark = max(self.watermark, record["watermark"])
        self.progress[record["batch"]] = record
        while len(self.progress) > BATCHES_APART:
            self.late_before += self.progress.pop(min(self.progress))["late_events"]

    def snapshot(self, minutes: int | None = None) -> Fold:
        """What it has now, of so many minutes up to the newest. Quick: records are never changed, and are shared."""
        oldest = self._oldest(minutes)
        values = {start: dict(minute) for start, minute in self.values.items() if start >= oldest}
        return replace(self, values=values, progress=dict(self.progress))

    def result(self, minutes: int | None = None) -> MinuteKpis:
        """The numbers so far; with `minutes`, of that many minutes up to the newest."""
        if self.generation < 0:
            return MinuteKpis()
        late = self.late_before + sum(record["late_events"] for record in self.progress.values())
        oldest = self._oldest(minutes)
        rows: list[KpiRow] = []  # as `ordered` has them, minute by minute: that compares a hundred times less
        for start in sorted(start for start in self.values if start >= oldest):
            minute, final = moment(start), start + MINUTE_MS <= self.watermark
            records = self.values[start]
            rows.extend(_row(minute, final, key, records[key]) for key in sorted(records))
        return MinuteKpis(tuple(rows), moment(self.watermark) if self.watermark else None, late, self.generation)

    def _current(self, generation: int) -> bool:
        if generation > self.generation:
            self.generation = generation
            self.values.clear()
            self.progress.clear()
            self.newest = self.watermark = self.late_before = 0
        return generation == self.generation

    def _oldest(self, minutes: int | None) -> int:
        return 0 if minutes is None else self.newest - (minutes - 1) * MINUTE_MS

    def _forget(self) -> None:
        oldest = self._oldest(self.keep)
        for start in [start for start in self.values if start < oldest]:
            del self.values[start]


def ordered(rows: Iterable[KpiRow]) -> tuple[KpiRow, ...]:
    """Rows by minute, then by KPI and dimensions."""
    return tuple(sorted(rows, key=lambda row: (row.minute, row.kpi, row.dimensions)))


def moment(milliseconds: int) -> datetime:
    """A UTC moment, exact to the millisecond."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def _age(record: Mapping[str, Any]) -> tuple[int, int]:
    return record["batch"], record["revision"]


def _row(minute: datetime, final: bool, key: tuple[str, Dimensions], record: Mapping[str, Any]) -> KpiRow:
    kpi, dimensions = key
    return KpiRow(kpi, minute, dimensions, record["count"], record["amount"], record["users"], final)
