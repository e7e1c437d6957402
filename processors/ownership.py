"""Which partitions this process owns: it has their profiles and reads on from their committed offsets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from avrogate.errors import ConfigError
from avrogate.kafka import translated
from avrogate.settings import Settings
from processors.profiles import Partition, Profiles

log = logging.getLogger(__name__)

# an earlier process's transaction may still be open, and its offsets are not given out until it ends
PATIENCE = 90.0


class Ownership:
    """Follows the consumer group's rebalances; its methods are the consumer's call-backs.

    They run inside `consume`, when no transaction is open: a batch is committed or aborted before the next is read.
    `positions` has the next offset of each owned partition, `at_end` those that are read to their end.
    """

    def __init__(
        self, settings: Settings, profiles: Profiles, restore: Callable[[Sequence[int]], dict[int, Partition]]
    ) -> None:
        self._settings = settings
        self._profiles = profiles
        self._restore = restore
        self.positions: dict[int, int] = {}
        self.at_end: set[int] = set()

    def assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take partitions over: committed offsets first, then their profiles (see `processors.restore`).

        Raises ConfigError if a partition has no committed offset: that is for a person to decide.
        """
        try:
            committed = consumer.committed(partitions, PATIENCE)
        except KafkaException as error:
            raise translated(error, self._settings) from error
        for partition in committed:
            if partition.offset < 0:
                raise ConfigError(
                    f"{partition.topic}/{partition.partition} has no committed offset any more",
                    hint="decide where it goes on, and set it with kafka-consumer-groups --reset-offsets",
                )
            self.positions[partition.partition] = partition.offset
        self._profiles.partitions |= self._restore([partition.partition for partition in committed])
        consumer.incremental_assign(committed)
        log.info("owns partitions %s, %d profiles", sorted(self.positions), len(self._profiles))

    def revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Give partitions back. Their last batch is committed."""
        self.lost(consumer, partitions)
        consumer.incremental_unassign(partitions)

    def lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Forget partitions that another process may own already."""
        for partition in partitions:
            self._profiles.drop(partition.partition)
            self.positions.pop(partition.partition, None)
            self.at_end.discard(partition.partition)

    @property
    def caught_up(self) -> bool:
        """Whether every owned partition was read to its end, and there is one."""
        return bool(self.positions) and self.at_end.issuperset(self.positions)
