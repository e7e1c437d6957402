"""The same job by Confluent's serializers, as its user writes it: `AvroDeserializer`, the rules, `AvroSerializer`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import Message, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from benchmarks.peers.job import Job
from benchmarks.peers.loop import Work, origin, run
from benchmarks.peers.quality import Quality, dead_letter

EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
RECORDS = {"init": "Init", "match": "Match", "in_app_purchase": "InAppPurchase"}
STRATEGY = {"subject.name.strategy": topic_record_subject_name_strategy}

Write = Callable[[dict[str, Any]], bytes]


def prepared(job: Job) -> Work:
    """What to do with a batch."""
    registry = SchemaRegistryClient({"url": job.registry})
    raw = job.newest(job.raw)
    quality = Quality({event: raw[record][1] for event, record in RECORDS.items()})
    context = SerializationContext(job.raw, MessageField.VALUE)
    deserializer: Any = AvroDeserializer(registry, conf=STRATEGY)
    write_event = {event: _writer(registry, job, job.enriched, record) for event, record in RECORDS.items()}
    write_letter = _writer(registry, job, job.dead_letters, "DeadLetter")
    write_profile = _writer(registry, job, job.profiles, "UserProfile")

    def work(messages: Sequence[Message], producer: Producer) -> None:
        for message in messages:
            key: Any = message.key()
            value: Any = message.value()
            partition: Any = message.partition()
            offset: Any = message.offset()
            timestamp, headers = message.timestamp()[1], origin(job.raw, message)
            record = deserializer(value, context)
            record["time"] = (record["time"] - EPOCH) // MILLISECOND
            refused = quality.refusal(record, key, timestamp)
            if refused is not None:
                letter = dead_letter(refused, job.raw, partition, offset, timestamp, key, value)
                producer.produce(job.dead_letters, write_letter(letter), key, headers=headers)
                continue
            profile = quality.enrich(record, offset)
            producer.produce(job.enriched, write_event[record["event_type"]](record), key, headers=headers)
            if profile is not None:
                producer.produce(job.profiles, write_profile(profile), key, partition, headers=headers)

    return work


def _writer(registry: SchemaRegistryClient, job: Job, topic: str, record: str) -> Write:
    """An AvroSerializer for one record of a topic, with the schema that is registered."""
    subject = next(one["subject"] for one in job.schemas[topic] if one["record"] == record)
    schema = registry.get_latest_version(subject).schema
    conf = {"auto.register.schemas": False, **STRATEGY}
    serializer: Any = AvroSerializer(registry, schema, conf=conf)
    context = SerializationContext(topic, MessageField.VALUE)
    return lambda content: serializer(content, context)


if __name__ == "__main__":
    run(prepared)
