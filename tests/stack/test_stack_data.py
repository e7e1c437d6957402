"""The local stack keeps its data: over a stop and over a SIGKILL of both processes."""

import json
import time
import urllib.request

import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from avrogate.settings import Settings

pytestmark = pytest.mark.stack
COUNT = 40


def register(settings: Settings, number: int) -> int:
    """Register a schema of its own under a subject of its own; its id."""
    schema = {"type": "record", "name": f"R{number}", "fields": [{"name": "a", "type": "long"}]}
    request = urllib.request.Request(
        f"{settings.registry}/subjects/s{number}/versions",
        json.dumps({"schema": json.dumps(schema)}).encode(),
        {"Content-Type": "application/vnd.schemaregistry.v1+json"},
    )
    return json.load(urllib.request.urlopen(request, timeout=10))["id"]


def produce(settings: Settings, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": settings.brokers})
    producer.produce("t", value)
    assert producer.flush(20) == 0


def values(settings: Settings, count: int) -> list[bytes]:
    options = {"bootstrap.servers": settings.brokers, "group.id": f"g{count}", "auto.offset.reset": "earliest"}
    consumer = Consumer(options)
    consumer.subscribe(["t"])
    found: list[bytes] = []
    deadline = time.monotonic() + 30
    while len(found) < count and time.monotonic() < deadline:
        found += [message.value() for message in consumer.consume(10, 0.5) if message.error() is None]
    consumer.close()
    return found


def kill(stack) -> None:
    for one in stack.status():
        psutil.Process(one.pid).kill()
    while any(one.state == "running" for one in stack.status()):
        time.sleep(0.05)


def test_ids_and_records_survive_sigkill_and_stop(local_stack):
    settings = local_stack.settings
    begun = time.monotonic()
    assert local_stack.up(print).services == ("registry", "kafka")
    first = time.monotonic() - begun
    client = AdminClient({"bootstrap.servers": settings.brokers})
    client.create_topics([NewTopic("t", 1)])["t"].result(20)
    produce(settings, b"one")
    ids = [register(settings, number) for number in range(COUNT)]  # the last one milliseconds before the kill
    kill(local_stack)

    begun = time.monotonic()
    again = local_stack.up(print)
    # a broker's session of Kafka's default length would hold the start up for 9 s more
    assert time.monotonic() - begun < first + 6
    assert again.kafka
    assert again.registry
    assert [register(settings, number) for number in range(COUNT)] == ids
    assert values(settings, 1) == [b"one"]
    produce(settings, b"two")
    new = register(settings, COUNT)
    assert new not in ids

    assert sorted(local_stack.down()) == ["kafka", "registry"]
    assert {one.state for one in local_stack.status()} == {"stopped"}
    local_stack.up(print)
    assert [register(settings, number) for number in range(COUNT + 1)] == [*ids, new]
    assert values(settings, 2) == [b"one", b"two"]


def test_topics_are_not_made_by_accident(local_stack):
    local_stack.up(print)
    client = AdminClient({"bootstrap.servers": local_stack.settings.brokers})
    assert client.list_topics("typo", timeout=10).topics["typo"].error is not None
    assert "typo" not in client.list_topics(timeout=10).topics
