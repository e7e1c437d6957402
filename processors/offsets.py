"""Where a consumer group begins: at the earliest event the very first time, and never by a silent jump later."""

from __future__ import annotations

from avrogate.errors import ConfigError
from avrogate.kafka import consumer, offsets, require_topic
from avrogate.kafka_groups import committed_offsets, set_offsets
from avrogate.settings import Settings


def ensure_offsets(settings: Settings, group: str, topic: str, partitions: int, outputs: tuple[str, ...]) -> None:
    """Give a new consumer group its first offsets, the earliest of each partition, before it reads anything.

    "New" means: no offset is committed for any partition, and the outputs are empty. Anything else that lacks
    an offset is a ConfigError, for a person to decide: beginning anew would process events twice, and jumping to
    the end would lose some.
    """
    committed = committed_offsets(settings, group, topic, partitions)
    missing = sorted(partition for partition, offset in committed.items() if offset is None)
    if not missing:
        return
    if len(missing) < partitions or any(_holds_records(settings, output) for output in outputs):
        raise ConfigError(
            f"group {group} has no offset for {topic} partitions {missing}, though events were processed",
            hint="decide where it goes on, and set it with kafka-consumer-groups --reset-offsets",
        )
    # if the group has members by now, another process was quicker, and its offsets are there
    set_offsets(settings, group, topic, _earliest(settings, topic, missing))


def _holds_records(settings: Settings, topic: str) -> bool:
    parts = range(require_topic(settings, topic))
    probe = consumer(settings, "avrogate-probe")
    try:
        return any(offsets(settings, probe, topic, part)[1] > 0 for part in parts)
    finally:
        probe.close()


def _earliest(settings: Settings, topic: str, partitions: list[int]) -> dict[int, int]:
    probe = consumer(settings, "avrogate-probe")
    try:
        return {partition: offsets(settings, probe, topic, partition)[0] for partition in partitions}
    finally:
        probe.close()
