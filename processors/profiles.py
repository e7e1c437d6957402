"""User profiles: each user's newest country and platform, per partition, in memory.

The state is a function of the partition's log alone. What a batch changes stands in an overlay, which is merged
after the batch's transaction has committed and dropped if it aborts, so that the state never says more than the
log does. It is backed by the compacted topic `user-profiles`: the same partition numbers, the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from processors.records import Profile

Partition = dict[str, Profile]


@dataclass
class Profiles:
    """The committed state of the partitions that this process owns."""

    partitions: dict[int, Partition] = field(default_factory=dict)

    def overlay(self) -> Overlay:
        """An empty overlay over this state."""
        return Overlay(self)

    def drop(self, partition: int) -> None:
        """Forget a partition that this process no longer owns."""
        self.partitions.pop(partition, None)

    def __len__(self) -> int:
        return sum(map(len, self.partitions.values()))


@dataclass
class Overlay:
    """The changes of one batch, over the committed state."""

    base: Profiles
    changes: dict[tuple[int, str], Profile] = field(default_factory=dict)

    def get(self, partition: int, user: str) -> Profile | None:
        """The user's profile as the log has it at this point; None if never seen."""
        return self.changes.get((partition, user)) or self.base.partitions[partition].get(user)

    def offer(self, partition: int, user: str, profile: Profile) -> bool:
        """Take a profile if its (event time, offset) is greater than what is there; whether it was taken."""
        current = self.get(partition, user)
        if current is not None and (profile.time, profile.offset) <= (current.time, current.offset):
            return False
        self.changes[partition, user] = profile
        return True

    def __iter__(self) -> Iterator[tuple[int, str, Profile]]:
        """Each changed profile once: partition, user, newest state."""
        return ((partition, user, profile) for (partition, user), profile in self.changes.items())

    def merge(self) -> None:
        """Make the changes part of the committed state. To be called once the transaction has committed."""
        for (partition, user), profile in self.changes.items():
            self.base.partitions[partition][user] = profile
        self.changes.clear()
