"""Where a consumer group begins: at the earliest event the very first time, and never by a silent jump later."""

from __future__ import annotations

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition

from avrogate.errors import ConfigError
from avrogate.kafka import admin, consumer, offsets, translated
from avrogate.settings import Settings


def ensure_offsets(settings: Settings, group: str, topic: str, partitions: int, outputs: tuple[str, ...]) -> None:
    """Give a new consumer group its first offsets, the earliest of each partition, before it reads anything.

    "New" means: no offset is committed for any partition, and the outputs are empty. Anything else that lacks
    an offset is a ConfigError, for a person to decide: beginning anew would process events twice, and jumping to
    the end would lose some.
    """
    missing = _missing(settings, group, topic, partitions)
    if not missing:
        return
    probe = consumer(settings, group)
    try:
        if len(missing) < partitions or any(_holds_records(settings, output) for output in outputs):
            raise ConfigError(
                f"group {group} has no offset for {topic} partitions {missing}, though events were processed",
                hint="decide where it goes on, and set it with kafka-consumer-groups --reset-offsets",
            )
        first = [TopicPartition(topic, part, offsets(settings, probe, topic, part)[0]) for part in missing]
    finally:
        probe.close()
    _set(settings, group, first)


def _missing(settings: Settings, group: str, topic: str, partitions: int) -> list[int]:
    wanted = [TopicPartition(topic, part) for part in range(partitions)]
    request = ConsumerGroupTopicPartitions(group, wanted)
    try:
        answer = admin(settings).list_consumer_group_offsets([request], request_timeout=settings.request_timeout)
        found = answer[group].result().topic_partitions
    except KafkaException as error:
        raise translated(error, settings) from error
    return [part.partition for part in found if part.offset < 0]


def _holds_records(settings: Settings, topic: str) -> bool:
    probe = consumer(settings, "avrogate-probe")
    try:
        parts = probe.list_topics(topic, timeout=settings.request_timeout).topics[topic].partitions
        return any(offsets(settings, probe, topic, part)[1] > 0 for part in parts)
    finally:
        probe.close()


def _set(settings: Settings, group: str, first: list[TopicPartition]) -> None:
    request = ConsumerGroupTopicPartitions(group, first)
    try:
        admin(settings).alter_consumer_group_offsets([request])[group].result(settings.request_timeout)
    except KafkaException as error:
        cause = error.args[0]
        if cause.code() not in (KafkaError.UNKNOWN_MEMBER_ID, KafkaError.NON_EMPTY_GROUP):
            raise translated(error, settings) from error
        # another process was quicker: the group has members now, so it has its offsets
