"""The quality processor's vitals for Prometheus. docs/operation.md says what each metric is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from avrogate.errors import BrokerUnavailable, NewerSchema, RegistryUnavailable
from processors.rules import shipped_rules
from processors.vitals import Committed, Restoring, Vitals

# health's parts that are shown from the start, well or not
PARTS = (BrokerUnavailable.part, RegistryUnavailable.part, NewerSchema.part)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
EVENTS = (1, 10, 100, 1_000, 2_500, 5_000, 10_000)

# a number for each combination of labels
Values = Mapping[Any, float]


def metrics(vitals: Vitals, events: Iterable[str]) -> CollectorRegistry:
    """A registry with all that a processor shows. `events` is the types that are counted from zero on.

    It takes `vitals.on_batch` for itself.
    """
    registry = CollectorRegistry()
    registry.register(VitalsCollector(vitals, events))
    vitals.on_batch = Batches(registry).observe
    ProcessCollector(registry=registry)
    return registry


class Batches:
    """What is measured of each committed batch."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "avrogate_batch_seconds",
            "Seconds that a committed batch took, from its first event to its commit.",
            buckets=SECONDS,
            registry=registry,
        )
        self._transaction = Histogram(
            "avrogate_transaction_seconds",
            "Seconds that the transaction of a committed batch took, from its beginning to its commit.",
            buckets=SECONDS,
            registry=registry,
        )
        self._events = Histogram(
            "avrogate_batch_events", "Raw events of a committed batch.", buckets=EVENTS, registry=registry
        )

    def observe(self, batch: Committed) -> None:
        """Add one."""
        self._seconds.observe(batch.seconds)
        self._transaction.observe(batch.transaction_seconds)
        self._events.observe(batch.events)


class VitalsCollector(Collector):
    """Reads the vitals when somebody asks; copies what another thread may be writing."""

    def __init__(self, vitals: Vitals, events: Iterable[str]) -> None:
        self._vitals = vitals
        self._events = tuple(events)

    def collect(self) -> Iterator[Metric]:
        """Everything, as of now."""
        yield _gauge(
            "info", "Always 1; the version of Avrogate is its label.", {(version("avrogate"),): 1}, "version"
        )
        yield from self._outcomes()
        yield from self._work()
        yield from self._health()

    def _outcomes(self) -> Iterator[Metric]:
        tally = self._vitals.tally
        enriched, refused = dict(tally.enriched), dict(tally.refused_events)
        events = {(event, outcome): 0 for event in self._events for outcome in ("enriched", "refused")}
        for event, number in enriched.items():
            events[event, "enriched"] = number
        for (event, _), number in refused.items():
            events[event, "refused"] = events.get((event, "refused"), 0) + number
        yield _counter("events", "Raw events by type (empty if unknown) and outcome.", events, "event", "outcome")
        about = "Dead letters by type of event (empty if unknown) and reason."
        yield _counter("refused_events", about, refused, "event", "reason")
        rules = {rule.name: 0 for rule in shipped_rules()} | dict(tally.rules)
        yield _counter("rule_refusals", "Events that a quality rule refused.", _labelled(rules), "rule")
        about = "What quality rules count, such as countries that nobody knows."
        yield _counter("rule_findings", about, _labelled(dict(tally.counted)), "finding")

    def _work(self) -> Iterator[Metric]:
        vitals, lag = self._vitals, dict(self._vitals.lag)
        results = {("committed",): vitals.tally.transactions, ("aborted",): vitals.tally.aborted}
        yield _counter("transactions", "Kafka transactions by how they ended.", results, "result")
        yield _counter("producer_restarts", "Producers that had to be replaced.", {(): vitals.restarts})
        about = "Offsets of the raw topic that are not processed yet; transaction markers take some, too."
        yield _gauge(
            "lag_offsets", about, {(str(number),): value for number, value in sorted(lag.items())}, "partition"
        )
        yield _gauge("partitions_owned", "Partitions of the raw topic that this process has.", {(): vitals.owned})
        yield _gauge("profiles", "User profiles in memory.", {(): vitals.profiles})
        restoring = vitals.restoring or Restoring()
        steps = {("done",): restoring.done, ("total",): restoring.total}
        about = "Offsets of profiles while partitions are taken over: read, and to read; 0 when nothing is restored."
        yield _gauge("restore_offsets", about, steps, "step")

    def _health(self) -> Iterator[Metric]:
        health = self._vitals.health
        troubles = health.troubles
        yield _gauge("healthy", "1 while nothing keeps it from its work (/healthz).", {(): not troubles})
        yield _gauge(
            "ready", "1 when it is healthy and does its work (/readyz).", {(): not troubles and health.ready}
        )
        parts = {(part,): part not in troubles for part in (*PARTS, *troubles)}
        yield _gauge("part_healthy", "0 while this part is what keeps it from its work.", parts, "part")
        yield _counter("outages", "Times that a part got into trouble.", {(): health.outages})


def _labelled(numbers: dict[str, int]) -> dict[tuple[str, ...], int]:
    return {(name,): number for name, number in numbers.items()}


def _counter(name: str, about: str, values: Values, *labels: str) -> Metric:
    family = CounterMetricFamily(f"avrogate_{name}", about, labels=labels)
    for labelled, value in values.items():
        family.add_metric(labelled, value)
    return family


def _gauge(name: str, about: str, values: Values, *labels: str) -> Metric:
    family = GaugeMetricFamily(f"avrogate_{name}", about, labels=labels)
    for labelled, value in values.items():
        family.add_metric(labelled, float(value))
    return family
