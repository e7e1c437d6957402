"""What keeps a process from its work right now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Trouble:
    """What is wrong, for a person, and since when (Unix seconds). `final` if waiting will not cure it."""

    message: str
    since: float
    final: bool = False


class Health:
    """Troubles by the part that has them (`broker`, `registry`, …); healthy while there are none.

    `ready` says whether the process has got as far as doing its work. `outages` counts troubles since the start.
    One thread writes; any thread may read.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.ready = False
        self.outages = 0
        self._clock = clock
        self._troubles: dict[str, Trouble] = {}

    @property
    def troubles(self) -> dict[str, Trouble]:
        """The troubles of this moment, by part."""
        return dict(self._troubles)

    @property
    def alive(self) -> bool:
        """Whether only what may pass keeps it from its work: else somebody has to start it again."""
        return not any(trouble.final for trouble in self.troubles.values())

    @property
    def healthy(self) -> bool:
        """Whether nothing keeps it from its work."""
        return not self._troubles

    def trouble(self, part: str, message: str, *, final: bool = False) -> None:
        """A part is in trouble, for good if `final`; the beginning is kept if it was so before."""
        known = self._troubles.get(part)
        if known is None:
            self.outages += 1
        self._troubles[part] = Trouble(message, known.since if known else self._clock(), final)

    def take_over(self, part: str, trouble: Trouble) -> None:
        """A part is in a trouble that another health knows; of several, for good before passing, then the longest."""
        known = self._troubles.get(part)
        if known is None:
            self.outages += 1
        if known is None or (not trouble.final, trouble.since) < (not known.final, known.since):
            self._troubles[part] = trouble

    def well(self, part: str) -> None:
        """A part is well (again)."""
        self._troubles.pop(part, None)
