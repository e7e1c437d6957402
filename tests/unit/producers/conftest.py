"""A broker in memory, behind the same calls as Kafka's client."""

from dataclasses import dataclass, field

import pytest
from confluent_kafka import KafkaError

import producers.inspection
from avrogate import kafka
from avrogate.settings import Settings


@dataclass
class Broker:
    """Takes up to `capacity` unacknowledged records; acknowledges `per_poll` of them a poll, or fails them."""

    capacity: int = 1_000_000
    per_poll: int = 1_000_000
    failure: int | None = None
    limits: dict = field(default_factory=lambda: {"events-raw": 1_048_588, "events-dead-letter": 4_194_304})
    options: dict = field(default_factory=dict)
    records: list = field(default_factory=list)
    waiting: list = field(default_factory=list)

    def produce(self, topic, value, key, on_delivery):
        if len(self.waiting) >= self.capacity:
            raise BufferError("queue full")
        self.waiting.append((topic, key, value, on_delivery))

    def poll(self, seconds=0):
        handled, self.waiting = self.waiting[: self.per_poll], self.waiting[self.per_poll :]
        for topic, key, value, on_delivery in handled:
            if self.failure is None:
                self.records.append((topic, key, value))
            on_delivery(None if self.failure is None else KafkaError(self.failure), None)
        return len(handled)

    def flush(self, seconds):
        self.poll(seconds)
        return len(self.waiting)

    def on(self, topic):
        return [(key, value) for name, key, value in self.records if name == topic]


class Registry:
    """Has everything, each schema under an id of its own."""

    def __init__(self, settings):
        self.url = settings.registry

    def id_of(self, version):
        return sum(map(ord, version.subject))


@pytest.fixture
def settings():
    return Settings(bootstrap_servers="broker:1", registry_url="http://registry:1", kafka={})


@pytest.fixture
def broker(monkeypatch):
    result = Broker()

    def connect(_settings, **options):
        result.options = options
        return result

    monkeypatch.setattr(kafka, "producer", connect)
    monkeypatch.setattr(kafka, "require_topic", lambda _settings, _topic: 4)
    monkeypatch.setattr(producers.inspection, "Registry", Registry)
    monkeypatch.setattr(
        producers.inspection, "limits", lambda _settings, topics: {t: result.limits[t] for t in topics}
    )
    return result
