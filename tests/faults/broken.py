"""Processors that are wrong on purpose. A suite that finds nothing wrong with them is worth nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from confluent_kafka import KafkaException

from avrogate.kafka_transactions import TransactionalProducer
from processors.intake import Intake
from processors.profiles import Overlay
from processors.quality import QualityProcessor


def _plain_commit(intake: Any) -> None:
    positions = intake.offsets()
    with suppress(KafkaException):  # a rebalance: somebody who writes such a processor would not look
        if positions:
            intake._consumer.commit(offsets=positions, asynchronous=False)


def offsets_before() -> None:
    """Offsets are committed outside the transaction, before it: what a kill cuts off is lost."""
    write = QualityProcessor._write

    def committed_first(processor: Any, *arguments: Any) -> None:
        _plain_commit(processor._intake)
        write(processor, *arguments)

    setattr(QualityProcessor, "_write", committed_first)  # noqa: B010
    setattr(TransactionalProducer, "send_offsets", lambda *_: None)  # noqa: B010


def offsets_after() -> None:
    """Offsets are committed outside the transaction, after it: a kill in between does the batch twice."""
    committed = Intake.committed

    def committed_later(intake: Any) -> None:
        _plain_commit(intake)
        committed(intake)

    setattr(Intake, "committed", committed_later)  # noqa: B010
    setattr(TransactionalProducer, "send_offsets", lambda *_: None)  # noqa: B010


def profiles_early() -> None:
    """Profiles are merged before the commit, and kept though the batch was aborted."""
    write = QualityProcessor._write

    def merged_first(processor: Any, batch: Any, overlay: Overlay) -> None:
        changes = dict(overlay.changes)
        overlay.merge()
        write(processor, batch, Overlay(overlay.base, changes))

    setattr(QualityProcessor, "_write", merged_first)  # noqa: B010


PATCHES = {
    "offsets-before": offsets_before,
    "offsets-after": offsets_after,
    "profiles-early": profiles_early,
}
