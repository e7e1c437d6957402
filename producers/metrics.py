"""What a publisher did, for the Prometheus registry of the service that has it.

registry.register(PublisherCollector(publisher))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from producers.publisher import Publisher


class PublisherCollector(Collector):
    """Reads `Publisher.summary` when somebody asks, from any thread.

    Dropped fields are counted by event and not by name: names come from clients, who may put anything into them.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def collect(self) -> Iterator[Metric]:
        """Everything, as of now."""
        summary = self._publisher.summary
        yield _counter("events", "Events that the broker acknowledged.", summary.sent, "event")
        yield _counter("refused_events", "Events that broke their contract.", summary.refused, "reason")
        dropped: Counter[str] = Counter()
        for name, number in summary.dropped.items():
            event, found, _ = name.partition(": ")
            dropped[event if found else "others"] += number
        about = "Unknown fields that were left out; `others` once there were too many names to tell."
        yield _counter("dropped_fields", about, dropped, "event")
        failed = CounterMetricFamily(
            "avrogate_publisher_failed_records", "Records that the broker did not take.", value=summary.failed
        )
        yield failed


def _counter(name: str, about: str, values: Mapping[str, int], label: str) -> Metric:
    family = CounterMetricFamily(f"avrogate_publisher_{name}", about, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
