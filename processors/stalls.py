"""Partitions of which nothing comes though there is more in them.

A client that has lost its broker in the wrong moment may never ask for a partition again, and go on as a healthy
member of its group. Whoever looks only at what comes takes that for a topic in which nothing happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# seconds in which nothing came; then it is asked how far the partition reaches
SILENCE = 30.0
# seconds after that in which what it has more must have come, and between two looks in any case
GRACE = 10.0


@dataclass
class _Partition:
    heard: float
    reached: int = -1
    suspect: bool = False


class Stalls:
    """How far each partition was read, and since when nothing came of it. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[int, _Partition] = {}
        self._looked = clock()
        self._silence = SILENCE

    def reached(self, partition: int, offset: int) -> None:
        """A partition was read up to an offset: that of a record and one, or the one at which it ends."""
        now = self._clock()
        known = self._known.setdefault(partition, _Partition(now))
        known.heard, known.reached, known.suspect = now, max(offset, known.reached), False
        self._silence = SILENCE

    def read_from(self, partition: int, offset: int) -> None:
        """A partition is read from there on, whatever was read before."""
        self._known[partition] = _Partition(self._clock(), offset)

    def forget(self) -> None:
        """All are read anew."""
        self._known.clear()

    def found(self, owned: Iterable[int], end: Callable[[int], int | None]) -> list[int]:
        """Which of the partitions stand still. `end` asks how far one reaches; None, and no more are asked, if there
        is no answer.
        """
        now = self._clock()
        if now - self._looked < GRACE:
            return []
        self._looked = now
        self._known = {one: self._known.get(one) or _Partition(now) for one in owned}
        stand = []
        for one, known in self._known.items():
            if now - known.heard < self._silence:
                continue
            last = end(one)
            if last is None:
                break
            if last <= known.reached:
                known.heard, known.suspect = now, False
            elif known.suspect:
                stand.append(one)
            else:
                known.suspect = True
        if stand:  # what is only slow, such as a long stretch of aborted records, has more time when it begins anew
            self._silence *= 2
        return stand
