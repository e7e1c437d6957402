"""The loop of a plain user of confluent-kafka: a batch, its records, its offsets, one transaction."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from benchmarks.peers.job import BATCH, POLL, Job
from benchmarks.peers.meter import Meter

Work = Callable[[Sequence[Message], Producer], None]
Headers = list[tuple[str, str | bytes | None]]


def run(prepared: Callable[[Job], Work]) -> None:
    """Do the job on standard input with the work that `prepared` makes for it."""
    job, meter = Job.read(sys.stdin.readline()), Meter()
    work = prepared(job)
    producer, consumer = Producer(job.producer()), Consumer(job.consumer())
    producer.init_transactions()
    consumer.subscribe([job.raw])
    while meter.events < job.events:
        messages = consumer.consume(BATCH, POLL)
        if not messages:
            continue
        meter.begin()
        producer.begin_transaction()
        work(messages, producer)
        producer.send_offsets_to_transaction(_next(job.raw, messages), consumer.consumer_group_metadata())
        producer.commit_transaction()
        meter.committed(len(messages))
    consumer.close()
    meter.tell()


def origin(topic: str, message: Message) -> Headers:
    """The three source headers."""
    return [
        ("source-topic", topic.encode()),
        ("source-partition", str(message.partition()).encode()),
        ("source-offset", str(message.offset()).encode()),
    ]


def _next(topic: str, messages: Sequence[Message]) -> list[TopicPartition]:
    offsets: dict[int, int] = {}
    for message in messages:
        error = message.error()
        if error is not None:
            raise KafkaException(error)
        offsets[message.partition()] = message.offset() + 1  # type: ignore[index, operator]  # there is no error
    return [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
