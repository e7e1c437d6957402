"""Reading a topic from its beginning to where it ends now."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from avrogate.errors import BrokerUnavailable
from avrogate.kafka import consumer, offsets, require_topic, translated
from avrogate.settings import Settings

# a call of `consume` returns when it has a whole batch, or after POLL seconds
BATCH, POLL = 10_000, 0.1
PATIENCE = 120.0


def read_to_end(settings: Settings, topic: str, partitions: Sequence[int] | None = None) -> Iterator[Message]:
    """Every committed record of a topic (or of some partitions) up to where it ended at the call.

    The end includes transactions that are still open: they are waited for, so that what comes out is the
    whole truth about everything written before the call. In order within a partition.

    Raises ConfigError if the topic is missing, BrokerUnavailable if nothing comes for two minutes.
    """
    wanted = range(require_topic(settings, topic)) if partitions is None else partitions
    bounds = _bounds(settings, topic, wanted)
    reader = consumer(settings, "avrogate-reader", enable_partition_eof=True, auto_offset_reset="earliest")
    try:
        # at offsets, not at "the beginning": that would cost librdkafka half a second to look up
        reader.assign([TopicPartition(topic, partition, first) for partition, (first, _) in bounds.items()])
        yield from _read(reader, {partition: end for partition, (_, end) in bounds.items()}, settings)
    finally:
        reader.close()


def _read(reader: Consumer, ends: dict[int, int], settings: Settings) -> Iterator[Message]:
    open_partitions = {partition for partition, end in ends.items() if end > 0}
    heard = time.monotonic()
    while open_partitions:
        messages = reader.consume(BATCH, timeout=POLL)
        if messages:
            heard = time.monotonic()
        elif time.monotonic() - heard > PATIENCE:
            raise BrokerUnavailable(f"broker at {settings.brokers} gave nothing for {PATIENCE:.0f} seconds")
        for message in messages:
            partition, position = message.partition() or 0, message.offset() or 0
            error = message.error()
            if error is None:
                position += 1
                if position <= ends[partition]:
                    yield message
            elif error.code() != KafkaError._PARTITION_EOF:
                raise translated(KafkaException(error), settings)
            if position >= ends[partition]:
                open_partitions.discard(partition)


def _bounds(settings: Settings, topic: str, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
    probe = consumer(settings, "avrogate-reader", isolation_level="read_uncommitted")
    try:
        return {partition: offsets(settings, probe, topic, partition) for partition in partitions}
    finally:
        probe.close()
