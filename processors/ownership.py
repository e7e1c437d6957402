"""Which partitions this process owns: it has their profiles and reads on from their committed offsets."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from avrogate.errors import ConfigError
from avrogate.kafka import NOT_YET, translated
from avrogate.settings import Settings
from processors.profiles import Partition, Profiles

log = logging.getLogger(__name__)

# seconds: an earlier process's transaction may still be open, and its offsets are not given out until it ends
PATIENCE = 90.0
TRY, PAUSE = 1.0, 0.1
LATER = {KafkaError._TIMED_OUT, *NOT_YET}


class Ownership:
    """Follows the consumer group's rebalances; `assigned`, `revoked` and `lost` are the consumer's call-backs.

    They run inside `consume`, when no transaction is open: a batch is committed or aborted before the next is read.
    A partition that the group gives is read only after `take_over` has what it takes to work on it; that can fail in
    an outage, and is then called again.

    `first` gives the offset at which a partition begins that has none committed (`processors.offsets`).
    `positions` has the next offset to commit of each partition that was taken over, `at_end` those that are read
    to their end.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        profiles: Profiles,
        first: Callable[[int], int],
        restore: Callable[[Sequence[int]], dict[int, Partition]],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._profiles = profiles
        self._first = first
        self._restore = restore
        self._stopping = stopping
        self._told = False
        self._waiting: dict[int, TopicPartition] = {}
        self.positions: dict[int, int] = {}
        self.at_end: set[int] = set()

    def assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Remember partitions to take over."""
        self._told = True
        self._waiting |= {partition.partition: partition for partition in partitions}
        consumer.incremental_assign([])  # an answer; without one the client would begin to read by itself

    def take_over(self, consumer: Consumer) -> list[int]:
        """Work on what was assigned: committed offsets first, then their profiles (see `processors.restore`).

        Gives the partitions that were taken over.
        Raises ConfigError if a partition has lost its committed offset: that is for a person to decide.
        Raises BrokerUnavailable, and nothing is taken over.
        """
        if not self._waiting or self._stopping():
            return []
        committed = self._committed(consumer, [*self._waiting.values()])
        for partition in committed:
            if partition.offset < 0 and not self._begin(consumer, partition):
                return []
        self._profiles.partitions |= self._restore([partition.partition for partition in committed])
        consumer.incremental_assign(committed)
        self.positions |= {partition.partition: partition.offset for partition in committed}
        self._waiting.clear()
        log.info("owns partitions %s, %d profiles", sorted(self.positions), len(self._profiles))
        return [partition.partition for partition in committed]

    def revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Give partitions back. Their last batch is committed."""
        consumer.incremental_unassign([part for part in partitions if part.partition in self.positions])
        for partition in partitions:
            self._waiting.pop(partition.partition, None)
            self._drop(partition.partition)
        log.info("gave partitions %s back", sorted(partition.partition for partition in partitions))

    def lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Forget partitions that another process may own already."""
        self.revoked(consumer, partitions)
        self._told = False

    def heard(self, *, steady: bool) -> None:
        """What the client says of its group: steady, or still to be given its share.

        One that is given nothing hears nothing, so `assigned` alone does not tell.
        """
        self._told = steady or bool(self.positions or self._waiting)

    def take_over_again(self, consumer: Consumer) -> None:
        """Forget positions and profiles of all partitions: they are taken over anew, from what was committed."""
        again = {partition: TopicPartition(self._topic, partition) for partition in self.positions}
        consumer.incremental_unassign([*again.values()])
        self._waiting |= again
        for partition in again:
            self._drop(partition)

    def _drop(self, partition: int) -> None:
        self._profiles.drop(partition)
        self.positions.pop(partition, None)
        self.at_end.discard(partition)

    @property
    def settled(self) -> bool:
        """Whether the group has given it its share, and nothing of that is still to be taken over."""
        return self._told and not self._waiting

    @property
    def done(self) -> bool:
        """Whether there is nothing to do: its share is read to its end, or it has none."""
        return self.settled and self.at_end.issuperset(self.positions)

    def _begin(self, consumer: Consumer, partition: TopicPartition) -> bool:
        """Set the first offset of a partition that had none; False if it has one by now, of another member."""
        try:
            partition.offset = self._first(partition.partition)
        except ConfigError:
            (now,) = self._committed(consumer, [partition])
            if now.offset < 0:
                raise
            return False
        return True

    def _committed(self, consumer: Consumer, partitions: list[TopicPartition]) -> list[TopicPartition]:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                found = consumer.committed(partitions, TRY)
                for one in found:
                    if one.error is not None:
                        raise KafkaException(one.error)
                return found
            except KafkaException as error:
                if error.args[0].code() not in LATER or self._stopping() or time.monotonic() > until:
                    raise translated(error, self._settings) from error
                time.sleep(PAUSE)
