"""The committed offsets of a consumer group, read and set from outside the group."""

from __future__ import annotations

import time
from collections.abc import Mapping

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition

from avrogate.kafka import admin, translated
from avrogate.settings import Settings

# a broker that has just started, or a group that it has just heard of
NOT_YET = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.UNSTABLE_OFFSET_COMMIT,
}
PATIENCE, PAUSE = 90.0, 0.2


def committed_offsets(settings: Settings, group: str, topic: str, partitions: int) -> dict[int, int | None]:
    """The next offset that the group would read, by partition; None where it has committed none.

    Waits for open transactions that hold offsets of the group. Raises BrokerUnavailable, ConfigError.
    """
    client = admin(settings)
    wanted = [TopicPartition(topic, partition) for partition in range(partitions)]
    deadline = time.monotonic() + PATIENCE
    while True:
        request = ConsumerGroupTopicPartitions(group, wanted)
        try:
            answer = client.list_consumer_group_offsets(
                [request], require_stable=True, request_timeout=settings.request_timeout
            )
            found = answer[group].result().topic_partitions
            for part in found:
                if part.error is not None:
                    raise KafkaException(part.error)
            return {part.partition: part.offset if part.offset >= 0 else None for part in found}
        except KafkaException as error:
            if error.args[0].code() not in NOT_YET or time.monotonic() > deadline:
                raise translated(error, settings) from error
            time.sleep(PAUSE)


def set_offsets(settings: Settings, group: str, topic: str, offsets: Mapping[int, int]) -> bool:
    """Set the offsets of a group that has no members; False, and nothing is changed, if it has some."""
    client = admin(settings)
    parts = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
    request = ConsumerGroupTopicPartitions(group, parts)
    try:
        client.alter_consumer_group_offsets([request])[group].result(settings.request_timeout)
    except KafkaException as error:
        if error.args[0].code() in (KafkaError.UNKNOWN_MEMBER_ID, KafkaError.NON_EMPTY_GROUP):
            return False
        raise translated(error, settings) from error
    return True
