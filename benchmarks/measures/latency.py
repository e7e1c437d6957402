"""How old a number is: from a purchase that a client sends to the minute KPI that has it.

Processor and streaming job run as a user starts them, and 1,000 events a second come from `avrogate produce`. Two
marked purchases a second (`benchmarks.markers`) are sent through a publisher of our own. The time of one begins right
before it is handed to the publisher, and ends when a reader of `kpis-minute` has read the first value with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Message

from analytics.kpi_reader import KPI
from avrogate.kafka_following import Follower
from avrogate.settings import Settings
from benchmarks.commands import home_at, with_stack
from benchmarks.markers import Markers, opened
from benchmarks.measure import Bench, Figures, Measure
from benchmarks.percentiles import percentile
from producers.publisher import Publisher
from schemas.catalog import shipped_catalog
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

RATE, EVERY = 1_000, 0.5
# seconds: until the JVM has compiled what runs all the time, then what counts
WARM_UP, MEASURED, LAST_ONES = 60, 90, 30
LATENCY = Measure(
    name=f"event to minute KPI at {RATE:,} events/s, p95",
    ours="seconds from sending an event to reading the first KPI value that counts it",
    unit="s",
    bound="at most",
    target=5,
    acceptable=10,
)
MEASURES = (LATENCY,)


def run(bench: Bench) -> dict[str, Figures]:
    """Everything on a stack of its own, for some minutes."""
    home = home_at(bench.home / "home", bench.settings)
    events = str(RATE * (WARM_UP + MEASURED + 120))
    with with_stack(home, (("topics", "create"), ("schemas", "register"))) as there:
        at = there.settings
        with (
            there.running("process"),
            there.running("analytics", "minute-kpis"),
            there.running("produce", "--rate", str(RATE), "--events", events),
            following(at) as markers,
        ):
            bench.say(f"{RATE:,} events/s: {WARM_UP} s to warm up, {MEASURED} s that count")
            begun = send(at, markers)
    found = list(markers.latencies(begun + WARM_UP))
    p50, p95 = percentile(found, 0.50), percentile(found, 0.95)
    notes = [
        f"{len(found)} marked purchases of {MEASURED} s: p50 {p50:.2f} s, p95 {p95:.2f} s, max {max(found):.2f} s",
        f"not counted in the end: {markers.missing}",
    ]
    return {LATENCY.name: Figures([p95], notes=notes)}


@contextmanager
def following(settings: Settings) -> Iterator[Markers]:
    """Markers, and a reader of `kpis-minute` that looks for them while the block runs."""
    markers, catalog = Markers(), shipped_catalog()
    topic = catalog.topic_of("pipeline", KPI)
    decoder = TopicDecoder(catalog, Registry(settings), topic)

    def take(message: Message) -> None:
        version, record, _ = decoder.read(message.value())
        if version.event == KPI:
            markers.take(record, time.time())

    with Follower(settings, topic, take, lambda: None):
        yield markers


def send(settings: Settings, markers: Markers) -> float:
    """Send markers at their pace, and wait for the last of them; when the first was counted.

    What is sent before the streaming job has started waits for it, and does not count.
    """
    begun = 0.0
    with Publisher(settings) as publisher:
        publisher.publish(opened(time.time()))
        while not begun or time.time() < begun + WARM_UP + MEASURED:
            publisher.publish(markers.send(time.time()))
            time.sleep(EVERY)
            if not begun and any(markers.seen.values()):
                begun = time.time()
    end = time.time() + LAST_ONES
    while markers.missing and time.time() < end:
        time.sleep(EVERY)
    return begun
