"""What a stream does about trouble: it goes on without records that can never be read, and waits out an outage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import TypeVar

from pyspark.sql import SparkSession

from analytics.quarantine import Quarantine
from analytics.supervise import Care
from analytics.writers import TopicSchemas
from avrogate.errors import TransientError, WireFormatError
from avrogate.health import Health
from avrogate.patience import Patience
from avrogate.settings import Settings

log = logging.getLogger(__name__)

Report = TypeVar("Report")


@dataclass
class StreamCare(Care):
    """`look` finds the ids of the failed batch that are not known. Without `patience`, an outage ends the stream.

    `restarts` counts schema ids that were learned in mid-stream.
    """

    quarantine: Quarantine
    look: Callable[[TopicSchemas], Sequence[int]]
    patience: Patience | None
    restarts: int = 0

    @property
    def outages(self) -> int:
        """Those that were waited out."""
        return 0 if self.patience is None else self.patience.health.outages

    def reporting(self, on_batch: Callable[[Report], None]) -> Callable[[Report], None]:
        """What to report a batch to: the outage is over then, and `on_batch` hears of it."""

        def report(batch: Report) -> None:
            if self.patience is not None:
                self.patience.over()
            on_batch(batch)

        return report

    def unknown(self, schemas: TopicSchemas, schema_id: int) -> Sequence[int]:
        """All that the batch has."""
        return self.look(schemas)

    def refused(self, error: WireFormatError) -> None:
        """Skip the records of this schema id, now and when a batch is run again."""
        assert error.schema_id is not None
        self.quarantine.refuse(error.schema_id, error.reason)
        log.warning("%s; such records are set apart", error.message)

    def outage(self, outage: TransientError) -> None:
        """Wait, longer each time. Raises Stopped if somebody asks to stop."""
        if self.patience is None:
            raise outage
        self.patience.hold(outage)

    def learned(self, schema_id: int) -> None:
        """Count it."""
        self.restarts += 1


def stream_care(
    spark: SparkSession, settings: Settings, quarantine: Quarantine, stop: Event, until_idle: float | None
) -> StreamCare:
    """The care of a stream: whoever watches a bounded run is told of an outage at once, a service waits."""
    patience = Patience(stop, Health()) if until_idle is None else None
    return StreamCare(quarantine, partial(quarantine.unknown, spark, settings), patience)
