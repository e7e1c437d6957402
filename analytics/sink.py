"""Where the results of a batch go: first its values, then how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pyspark.sql import DataFrame, Row

from analytics.checkpoints import Checkpoint
from analytics.contributions import ACCEPTED, READ
from analytics.decode import REFUSED
from analytics.kpi_topic import KpiPublisher
from analytics.kpis import Kpi
from analytics.minute_kpis import kpi_rows, result_columns
from analytics.quarantine import Place, Quarantine
from analytics.results import moment


@dataclass(frozen=True)
class BatchReport:
    """One batch that was published: events read, how many of them were too late, values that changed.

    `refused` records were no event of the topic, the first of them at `place`, all of them in `file`. `pause` is
    the seconds since the query failed, if this is its first batch after it did.
    """

    batch: int
    events: int
    late_events: int
    values: int
    watermark: datetime | None
    refused: int = 0
    place: Place | None = None
    file: Path | None = None
    pause: float | None = None


@dataclass
class StreamSummary:
    """What one run did.

    `restarts` counts new schema ids met in mid-stream, `outages` those of the broker and the registry, `pauses`
    has the seconds from each failure of the query to the next batch that was published. `refused` counts records
    that were no event of the topic.
    """

    generation: int
    batches: int = 0
    events: int = 0
    late_events: int = 0
    restarts: int = 0
    watermark: datetime | None = None
    refused: int = 0
    outages: int = 0
    pauses: list[float] = field(default_factory=list)


@dataclass
class Sink:
    """What a batch's results go through. Spark calls it again with the same batch after a crash."""

    publisher: KpiPublisher
    checkpoint: Checkpoint
    kpis: dict[str, Kpi]
    on_batch: Callable[[BatchReport], None]
    quarantine: Quarantine
    # the first record of a batch that is no event, after all of them were kept
    keep: Callable[[int], Place | None] = lambda batch: None
    error: Exception | None = None
    failed_at: float | None = None
    summary: StreamSummary = field(init=False)

    def __post_init__(self) -> None:
        self.summary = StreamSummary(self.checkpoint.identity.generation)

    @property
    def done(self) -> int:
        """Batches that were published."""
        return self.summary.batches

    def __call__(self, frame: DataFrame, batch: int) -> None:
        """Publish a batch. It is committed if this returns, and run again after a restart if it raises."""
        try:
            self._publish(result_columns(frame).collect(), batch)
        except Exception as error:  # Spark would wrap it in its own: kept for whoever started the query
            self.error = error
            raise

    def failed(self) -> None:
        """The query has failed; until its next batch is published, it pauses."""
        self.failed_at = self.failed_at or time.monotonic()

    def _publish(self, rows: Sequence[Row], batch: int) -> None:
        results, watermark = kpi_rows(rows, self.kpis), self.checkpoint.watermark(batch)
        events, refused = _total(rows, READ), _total(rows, REFUSED)
        late = events - _total(rows, ACCEPTED)
        generation = self.checkpoint.identity.generation
        self.quarantine.empty(batch)
        place = self.keep(batch) if refused else None
        self.publisher.publish(results, generation, batch)
        self.publisher.progress(generation, batch, watermark, late)
        report = BatchReport(batch, events, late, len(results), moment(watermark) if watermark else None)
        if refused:
            report = replace(report, refused=refused, place=place, file=self.quarantine.file(batch))
        self._report(report)

    def _report(self, report: BatchReport) -> None:
        summary, failed_at, self.failed_at = self.summary, self.failed_at, None
        summary.batches += 1
        summary.events += report.events
        summary.late_events += report.late_events
        summary.refused += report.refused
        summary.watermark = report.watermark
        if failed_at is not None:
            report = replace(report, pause=time.monotonic() - failed_at)
            summary.pauses.append(time.monotonic() - failed_at)
        self.on_batch(report)


def _total(rows: Sequence[Row], name: str) -> int:
    return sum(row["count"] for row in rows if row["kpi"] == name)
