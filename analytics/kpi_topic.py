"""`kpis-minute`: writing a batch's results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaError, Message

from analytics.kpi_reader import KPI, PROGRESS, read_results
from analytics.results import KpiRow
from avrogate.kafka import producer, require_topic, translated
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.decoder import newest_codec
from schemas.registry import Registry

__all__ = ["KpiPublisher", "read_results"]


class KpiPublisher:
    """Writes what a batch computed.

    Raises ConfigError if the topic is missing, SchemaNotRegistered, BrokerUnavailable, RegistryUnavailable.
    """

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._topic = catalog.topic_of("pipeline", KPI)
        require_topic(settings, self._topic)
        registry = Registry(settings)
        self._codecs = {event: newest_codec(catalog, registry, self._topic, event) for event in (KPI, PROGRESS)}
        self._settings = settings
        self._producer = producer(settings)
        self._failed: KafkaError | None = None

    def publish(self, rows: Iterable[KpiRow], generation: int, batch: int, revision: int = 0) -> None:
        """Write the rows of a batch, or a later revision of them; returns when the broker has all of them.

        Raises BrokerUnavailable, or what else the broker says; then any part of them may be there, and
        publishing them again changes nothing for a reader.
        """
        for row in rows:
            self._send(KPI, row.kpi, _kpi_record(row, generation, batch, revision))
        self._settle()

    def progress(self, generation: int, batch: int, watermark: int, late_events: int) -> None:
        """Say that the rows of a batch are there. `watermark` in milliseconds. Raises as `publish` does."""
        record = {"generation": generation, "batch": batch, "watermark": watermark, "late_events": late_events}
        self._send(PROGRESS, str(generation), record)
        self._settle()

    def _send(self, event: str, key: str, record: Mapping[str, Any]) -> None:
        value = self._codecs[event].write(record)
        while True:
            try:
                self._producer.produce(self._topic, value, key.encode(), on_delivery=self._delivered)
                return
            except BufferError:
                self._producer.poll(0.1)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        self._failed = error or self._failed

    def _settle(self) -> None:
        self._producer.flush()
        if self._failed is not None:
            failed, self._failed = self._failed, None
            raise translated(failed, self._settings)


def _kpi_record(row: KpiRow, generation: int, batch: int, revision: int) -> dict[str, Any]:
    return {
        "kpi": row.kpi,
        "window_start": int(row.minute.timestamp()) * 1000,
        "dimensions": dict(row.dimensions),
        "count": row.count,
        "amount": row.amount,
        "users": row.users,
        "generation": generation,
        "batch": batch,
        "revision": revision,
    }
