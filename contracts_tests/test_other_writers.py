"""Events that a plain Confluent AvroSerializer wrote pass the quality processor just like ours.

Every valid example of every raw event is produced twice, by our codec and by Confluent's serializer, one after the
other with the same key. Whatever becomes of the first (enriched, or a dead letter) becomes of the second.
"""

from __future__ import annotations

from threading import Event as Stop
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from avrogate.kafka_reading import read_to_end
from schemas.check import example_files
from schemas.codec import Codec
from schemas.decoder import TopicDecoder
from schemas.registry import Registry
from schemas.validate import parse

pytestmark = pytest.mark.stack


def sent_twice(platform, values) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The places (partition, offset) of each example as we wrote it and as Confluent's serializer did."""
    settings, catalog = platform.settings, platform.catalog
    topic = catalog.stage_topic("raw")
    registry = Registry(settings)
    client = SchemaRegistryClient({"url": settings.registry, "timeout": settings.request_timeout})
    producer = Producer({"bootstrap.servers": settings.brokers, "partitioner": "murmur2_random", "acks": "all"})
    places: list[list[tuple[int, int]]] = []

    def send(key: str, value: bytes, into: list[tuple[int, int]]) -> None:
        def delivered(error: Any, message: Any) -> None:
            assert error is None, error
            into.append((message.partition(), message.offset()))

        producer.produce(topic, key=key.encode(), value=value, on_delivery=delivered)
        producer.flush(10)

    for event, entry in catalog.topics[topic].events.items():
        version = catalog.newest(topic, event)
        codec = Codec(version, registry.id_of(version))
        serializer = AvroSerializer(
            client,
            client.get_latest_version(version.subject).schema,
            conf={
                "auto.register.schemas": False,
                "subject.name.strategy": topic_record_subject_name_strategy,
            },
        )
        expanded = values.expanded(version.resolved)
        context = SerializationContext(topic, MessageField.VALUE)
        for file in example_files(catalog, version):
            if file.parent.name == "valid":
                content = parse(file.read_text(encoding="utf-8"))
                record = codec.contract.to_record(content)
                places.append([])
                send(str(content[entry.key]), codec.encode(content), places[-1])
                send(str(content[entry.key]), serializer(values.rich(expanded, record), context), places[-1])
    return [(ours, theirs) for ours, theirs in places]


def outcomes(platform) -> dict[tuple[int, int], tuple[Any, ...]]:
    """What became of each raw record: the enriched record and its key, or why it was refused."""
    settings, catalog = platform.settings, platform.catalog
    enriched, dead_letters = (
        next(name for name, entry in catalog.topics.items() if kind in (entry.stage, *entry.events))
        for kind in ("enriched", "dead-letter")
    )
    registry = Registry(settings)
    found: dict[tuple[int, int], tuple[Any, ...]] = {}
    decoder = TopicDecoder(catalog, registry, enriched)
    for message in read_to_end(settings, enriched):
        headers = dict(message.headers())
        place = int(headers["source-partition"]), int(headers["source-offset"])
        assert place not in found
        found[place] = ("enriched", message.key(), decoder.read(message.value()).record)
    decoder = TopicDecoder(catalog, registry, dead_letters)
    for message in read_to_end(settings, dead_letters):
        record = decoder.read(message.value()).record
        place = record["partition"], record["offset"]
        assert place not in found
        found[place] = ("refused", record["reason"], record["rule"], record["field"], record["key"])
    return found


def test_what_another_serializer_wrote_is_processed_like_ours(platform, values):
    from processors.run import process

    pairs = sent_twice(platform, values)
    process(platform.settings, Stop(), until_idle=2, catalog=platform.catalog)
    found = outcomes(platform)
    assert len(found) == 2 * len(pairs)
    for ours, theirs in pairs:
        assert found[ours] == found[theirs]
    kinds = {outcome[0] for outcome in found.values()}
    assert kinds == {"enriched", "refused"}, "the examples no longer take both ways"
