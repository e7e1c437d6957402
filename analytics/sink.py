"""Where the results of a batch go: first its values, then how far they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pyspark.sql import DataFrame, Row

from analytics.checkpoints import Checkpoint
from analytics.contributions import ACCEPTED, READ
from analytics.kpi_topic import KpiPublisher
from analytics.kpis import Kpi
from analytics.minute_kpis import kpi_rows, result_columns
from analytics.results import moment


@dataclass(frozen=True)
class BatchReport:
    """One batch that was published: events read, how many of them were too late, values that changed."""

    batch: int
    events: int
    late_events: int
    values: int
    watermark: datetime | None


@dataclass
class StreamSummary:
    """What one run did. `restarts` counts new schema ids met in mid-stream."""

    generation: int
    batches: int = 0
    events: int = 0
    late_events: int = 0
    restarts: int = 0
    watermark: datetime | None = None


@dataclass
class Sink:
    """What a batch's results go through. Spark calls it again with the same batch after a crash."""

    publisher: KpiPublisher
    checkpoint: Checkpoint
    kpis: dict[str, Kpi]
    on_batch: Callable[[BatchReport], None]
    error: Exception | None = None
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

    def _publish(self, rows: Sequence[Row], batch: int) -> None:
        results, watermark = kpi_rows(rows, self.kpis), self.checkpoint.watermark(batch)
        events = _total(rows, READ)
        late = events - _total(rows, ACCEPTED)
        generation = self.checkpoint.identity.generation
        self.publisher.publish(results, generation, batch)
        self.publisher.progress(generation, batch, watermark, late)
        self._report(BatchReport(batch, events, late, len(results), moment(watermark) if watermark else None))

    def _report(self, report: BatchReport) -> None:
        self.summary.batches += 1
        self.summary.events += report.events
        self.summary.late_events += report.late_events
        self.summary.watermark = report.watermark
        self.on_batch(report)


def _total(rows: Sequence[Row], name: str) -> int:
    return sum(row["count"] for row in rows if row["kpi"] == name)
