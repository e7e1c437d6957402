"""The committed offsets of a consumer group, read and set from outside the group.

By a consumer that never joins: the admin client of librdkafka 2.16 crashes the process (SIGSEGV in
rd_kafka_handle_OffsetFetch) when the coordinator answers ListConsumerGroupOffsets with "not yet".
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from avrogate.kafka import NOT_YET, consumer, translated
from avrogate.settings import Settings

PATIENCE, PAUSE = 90.0, 0.2


def committed_offsets(settings: Settings, group: str, topic: str, partitions: int) -> dict[int, int | None]:
    """The next offset that the group would read, by partition; None where it has committed none.

    Waits for open transactions that hold offsets of the group, up to 90 seconds.
    Raises BrokerUnavailable, ConfigError.
    """
    wanted = [TopicPartition(topic, partition) for partition in range(partitions)]
    deadline = time.monotonic() + PATIENCE
    member = consumer(settings, group)
    try:
        while True:
            try:
                found = member.committed(wanted, settings.request_timeout)
                for part in found:
                    if part.error is not None:
                        raise KafkaException(part.error)
                return {part.partition: part.offset if part.offset >= 0 else None for part in found}
            except KafkaException as error:
                if error.args[0].code() not in NOT_YET or time.monotonic() > deadline:
                    raise translated(error, settings) from error
                time.sleep(PAUSE)
    finally:
        member.close()


def set_offsets(settings: Settings, group: str, topic: str, offsets: Mapping[int, int]) -> bool:
    """Set the offsets of a group that has no members; False, and nothing is changed, if it has some."""
    parts = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
    member = consumer(settings, group)
    try:
        member.commit(offsets=parts, asynchronous=False)
    except KafkaException as error:
        if error.args[0].code() in (KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION):
            return False
        raise translated(error, settings) from error
    finally:
        member.close()
    return True
