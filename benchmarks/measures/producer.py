"""The producer from a file of events against a bare loop that produces the same bytes.

Both send the same records through clients with the same options, in transactions of as many lines, in this process.
Ours is timed from its first line to its last commit: reading the file, JSON, contract, Avro, producing, and the
file's progress in each transaction. The bare loop has its records ready and is timed from its first transaction to
its last commit. The start of both (registry, topics, the file's fingerprint, the transactional id) is not counted.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from avrogate.kafka_limits import limits
from avrogate.kafka_transactions import TransactionalProducer
from avrogate.settings import Settings
from benchmarks.measure import Bench, Figures, Measure
from producers.batches import LINES, LINGER
from producers.generator import Generator, Plan
from producers.inspection import Inspector, Outgoing
from producers.replay import JsonLines
from producers.run import produce
from schemas.catalog import Catalog, load_catalog
from schemas.json_events import event_text
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

MEASURE = Measure(
    name="producer ÷ bare produce",
    ours="producer, from a file",
    other="bare produce",
    unit="events/s",
    bound="at least",
    target=0.5,
    acceptable=0.2,
)
MEASURES = (MEASURE,)


class _Timed(JsonLines):
    """Knows when its first line was asked for."""

    begun = 0.0

    def texts(self) -> Iterator[bytes]:
        self.begun = time.perf_counter()
        return super().texts()


def run(bench: Bench) -> dict[str, Figures]:
    """Both in turn, each round beginning with the other one; a first round to warm up is left out."""
    file = bench.home / "events.jsonl"
    catalog = _prepared(bench.settings)
    _write(file, bench.events)
    records = _ready(bench.settings, catalog, file)
    figures = Figures()
    for number in range(-1, bench.rounds):
        rates = {}
        for ours in (True, False) if number % 2 else (False, True):
            rates[ours] = _ours(bench.settings, catalog, file) if ours else _bare(bench.settings, records)
        bench.say(f"producer: round {number + 1}: {rates[True]:,.0f}/s, bare produce {rates[False]:,.0f}/s")
        if number >= 0:
            figures.ours.append(rates[True])
            figures.other.append(rates[False])
    return {MEASURE.name: figures}


def _prepared(settings: Settings) -> Catalog:
    """The catalog with topics and subjects of this run's own."""
    catalog = load_catalog().suffixed(uuid.uuid4().hex[:8])
    list(create_topics(catalog, settings))
    list(register_all(catalog, Registry(settings)))
    return catalog


def _write(file: Path, events: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        for line in Generator(Plan(events, seed=6, start=1_735_689_600, span=86_400)):
            out.write(event_text(line.event) + "\n")


def _ready(settings: Settings, catalog: Catalog, file: Path) -> list[Outgoing]:
    inspect = Inspector(settings, catalog).inspect
    with JsonLines(str(file), file.open("rb")) as lines:
        return [inspect(event, lines.name, number) for number, event in lines]


def _ours(settings: Settings, catalog: Catalog, file: Path) -> float:
    """Events a second."""
    with _Timed(str(file), file.open("rb")) as lines:
        summary = produce(settings, lines, catalog=catalog, again=True)
        return summary.all_sent / (time.perf_counter() - lines.begun)


def _bare(settings: Settings, records: Sequence[Outgoing]) -> float:
    """Records a second."""
    taken = limits(settings, sorted({record.topic for record in records}))
    client = TransactionalProducer(settings, uuid.uuid4().hex, limits=taken, linger=LINGER)._producer
    ready = [(record.topic, record.value, record.key) for record in records]
    begun = time.perf_counter()
    for first in range(0, len(ready), LINES):
        client.begin_transaction()
        for topic, value, key in ready[first : first + LINES]:
            client.produce(topic, value, key)
        client.commit_transaction()
    return len(ready) / (time.perf_counter() - begun)
