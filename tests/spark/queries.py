"""The streaming query of one test, run here, and a schema version that appears behind our back."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import fastavro
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from pyspark.sql import SparkSession

from analytics.kpi_topic import read_results
from analytics.minute_kpis import compute_once
from analytics.results import MinuteKpis
from analytics.stream import BatchReport, StreamSummary, run_stream
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.wire_format import frame

LIMIT = 400.0


class Query:
    """The streaming query of one test."""

    def __init__(self, spark: SparkSession, settings: Settings, catalog: Catalog) -> None:
        self.spark, self.settings, self.catalog = spark, settings, catalog
        self.checkpoint = self.settings.expanded_home / "checkpoints" / "minute-kpis"

    def run(self, **given: Any) -> StreamSummary:
        return run_stream(self.spark, self.settings, catalog=self.catalog, **{"until_idle": 0, **given})

    def read(self) -> MinuteKpis:
        return read_results(self.settings, self.catalog)

    def once(self) -> Any:
        return compute_once(self.spark, self.settings, catalog=self.catalog)

    def batches(self, kind: str) -> set[int]:
        """Batches that Spark has planned (`offsets`) or finished (`commits`)."""
        folder = self.checkpoint / "spark" / kind
        return {int(file.name) for file in folder.iterdir() if file.name.isdecimal()}

    @contextmanager
    def live(self) -> Iterator[Live]:
        """The query as a service runs it, in a thread; stopped at the end."""
        stop, reports = Event(), list[BatchReport]()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self.run, until_idle=None, stop=stop, on_batch=reports.append)
            try:
                yield Live(running, stop, reports)
            finally:
                stop.set()


@dataclass
class Live:
    """A query that runs until it is told to stop, and the batches that it has published."""

    running: Future[StreamSummary]
    stop: Event
    reports: list[BatchReport] = field(default_factory=list)

    @property
    def events(self) -> int:
        """Events that it has read."""
        return sum(one.events for one in self.reports)

    def until(self, reached: Callable[[], object], what: str) -> None:
        """Wait; what ends the query ends the wait."""
        deadline = time.monotonic() + LIMIT
        while not reached():
            assert not self.running.done(), self.running.result()
            assert time.monotonic() < deadline, f"waited for {what}"
            time.sleep(0.05)

    def end(self) -> StreamSummary:
        """Stop it, and what it did."""
        self.stop.set()
        return self.running.result(LIMIT)


def next_version(settings: Settings, catalog: Catalog) -> Callable[[dict[str, Any]], bytes]:
    """Registers a next version of the purchase, with a coupon; returns how it encodes a record."""
    version = catalog.newest(catalog.topic_of("enriched", "init"), "in-app-purchase")
    extra = {"name": "coupon", "json-name": "coupon", "type": ["null", "string"], "default": None}
    schema = {**version.avro, "fields": [*version.avro["fields"], extra]}
    client = SchemaRegistryClient({"url": settings.registry})
    number = client.register_schema(version.subject, Schema(json.dumps(schema), "AVRO"))
    parsed = fastavro.parse_schema(schema)

    def encode(record: dict[str, Any]) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, parsed, {**record, "coupon": "SPRING"})
        return frame(number, out.getvalue())

    return encode
