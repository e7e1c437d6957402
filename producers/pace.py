"""So many events a second, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Allows `rate` events a second, or any number for None. After a delay it catches up."""

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._begun = clock()
        self._events = 0

    @property
    def unlimited(self) -> bool:
        """Whether no event ever has to wait."""
        return self._rate is None

    def count(self) -> None:
        """One more event is on its way."""
        self._events += 1

    def early(self) -> float:
        """Seconds that the next event must wait; 0 or less if it need not."""
        return 0.0 if self._rate is None else self._begun + self._events / self._rate - self._clock()
