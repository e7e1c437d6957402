"""Waiting out an outage: longer each time, seen by health, ended when somebody asks to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from avrogate.errors import Stopped, TransientError
from avrogate.health import Health

T = TypeVar("T")

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0


class Patience:
    """One for a whole process. Waits half a second first, twice as long each time, 15 seconds at most."""

    def __init__(
        self, stop: Event, health: Health, *, first: float = FIRST_WAIT, longest: float = LONGEST_WAIT
    ) -> None:
        self.stop = stop
        self.health = health
        self._first, self._longest = first, longest
        self._wait = first
        self._parts: set[str] = set()

    def hold(self, outage: TransientError) -> None:
        """Turn health red, say why, and wait. Raises Stopped if somebody asks to stop before or meanwhile."""
        self.mark(outage)
        log.warning("%s; waiting %.1f seconds", outage.message, self._wait, extra={"part": outage.part})
        if self.stop.wait(self._wait):
            raise Stopped(f"stopped during an outage: {outage.message}") from outage
        self._wait = min(self._wait * 2, self._longest)

    def mark(self, outage: TransientError) -> None:
        """Turn health red, for a caller that waits by itself. Raises Stopped if somebody has asked to stop."""
        self.health.trouble(outage.part, outage.message)
        self._parts.add(outage.part)
        if self.stop.is_set():
            raise Stopped(f"stopped during an outage: {outage.message}") from outage

    def over(self) -> None:
        """Work goes on: health is green again as far as this was red, and the next wait is short."""
        if self._parts:
            log.info("going on", extra={"after": sorted(self._parts)})
        for part in self._parts:
            self.health.well(part)
        self._parts.clear()
        self._wait = self._first

    def until_it_works(self, attempt: Callable[[], T]) -> T:
        """The result of `attempt`, tried again after each outage. Raises Stopped, and what else it raises."""
        while True:
            try:
                result = attempt()
            except TransientError as outage:
                self.hold(outage)
            else:
                self.over()
                return result
