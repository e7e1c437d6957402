"""The storm guard: when most events are refused, the cause is hardly in the events.

A new version of a producer, a rule with a defect, a topic filled by mistake: each would turn a day of events into
dead letters. More than half of at least 10,000 events refused within a minute stops the processor before the batch
that makes it so is committed; a person decides. `AVROGATE_STORM_GUARD=false` lets them be refused.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

from avrogate.errors import AvrogateError

EVENTS, SHARE, SECONDS = 10_000, 0.5, 60.0


class RefusalStorm(AvrogateError):
    """Most events of the last minute were refused; the batch that made it so was not committed."""


class StormGuard:
    """Watches the share of refused events. `clock` gives seconds that never go back."""

    def __init__(self, enabled: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._enabled = enabled
        self._clock = clock
        self._batches: deque[tuple[float, int, Counter[str]]] = deque()

    def check(self, events: int, refused: Counter[str]) -> None:
        """Raise RefusalStorm if this batch, with those of the last minute, is one. `refused` is by reason."""
        if not self._enabled:
            return
        begin = self._clock() - SECONDS
        while self._batches and self._batches[0][0] < begin:
            self._batches.popleft()
        seen = events + sum(batch for _, batch, _ in self._batches)
        reasons = sum((reasons for _, _, reasons in self._batches), Counter(refused))
        if seen >= EVENTS and reasons.total() > SHARE * seen:
            most = ", ".join(f"{reason} {number:,}" for reason, number in reasons.most_common(3))
            raise RefusalStorm(
                f"{reasons.total():,} of {seen:,} events within a minute are refused ({most}); the last batch waits",
                hint="find the cause (`avrogate dead-letters list`), or go on with AVROGATE_STORM_GUARD=false",
            )

    def committed(self, events: int, refused: Counter[str]) -> None:
        """Remember a batch that was committed."""
        if self._enabled:
            self._batches.append((self._clock(), events, refused))
