"""User profiles: each user's newest country and platform, per partition, in memory.

The state is a function of the partition's log alone. What a batch changes stands in an overlay, which is merged
after the batch's transaction has committed and dropped if it aborts, so that the state never says more than the
log does. It is backed by the compacted topic `user-profiles`: the same partition numbers, the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field

from processors.packing import PLACE, Place, pack, unpack
from processors.records import Profile

# places that nobody is at any more are cleared away once there are more than this, and than twice the users
SPARE = 1000


class Partition(MutableMapping[str, Profile]):
    """The profiles of one partition by user.

    One integer for each user (`processors.packing`) and each country and platform once: millions of small objects
    would take three times the memory, and time in each run of the garbage collector.
    """

    __slots__ = ("_numbers", "_places", "packed")

    def __init__(self, profiles: Mapping[str, Profile] | None = None) -> None:
        self.packed: dict[str, int] = {}
        self._places: list[Place] = []
        self._numbers: dict[Place, int] = {}
        self.update(profiles or {})

    def number(self, place: Place) -> int:
        """Which number a country and platform have in `packed`. It may change when a profile is set."""
        number = self._numbers.setdefault(place, len(self._places))
        if number == len(self._places):
            self._places.append(place)
        return number

    def __getitem__(self, user: str) -> Profile:
        time, offset, number = unpack(self.packed[user])
        return Profile(time, offset, *self._places[number])

    def get(self, user: str, default: Profile | None = None) -> Profile | None:  # type: ignore[override]
        """The user's profile, or `default`."""
        return self[user] if user in self.packed else default

    def place(self, user: str) -> Place | None:
        """The user's country and platform, None if never seen."""
        packed = self.packed.get(user)
        return None if packed is None else self._places[packed & PLACE]

    def __setitem__(self, user: str, profile: Profile) -> None:
        time, offset, *_ = profile
        self.packed[user] = pack(time, offset, self.number((profile.country, profile.platform)))
        if len(self._places) > max(SPARE, 2 * len(self.packed)):
            self._clear_away()

    def __delitem__(self, user: str) -> None:
        del self.packed[user]

    def __iter__(self) -> Iterator[str]:
        return iter(self.packed)

    def __len__(self) -> int:
        return len(self.packed)

    def _clear_away(self) -> None:
        profiles = dict(self.items())
        self._places.clear()
        self._numbers.clear()
        for user, (time, offset, country, platform) in profiles.items():
            self.packed[user] = pack(time, offset, self.number((country, platform)))


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

    def places(self) -> Callable[[int, str], Place | None]:
        """A quick way to ask for country and platform of a user's profile (`get`), while the batch lasts."""
        changed, partitions = self.changes.get, self.base.partitions

        def place(partition: int, user: str) -> Place | None:
            profile = changed((partition, user))
            return partitions[partition].place(user) if profile is None else profile[2:]

        return place

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
