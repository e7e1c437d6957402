"""Ctrl-C and SIGTERM as a request to finish, not as an exception in the middle of something."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

STEP = 0.2  # seconds


class Stop(Event):
    """Set by a signal; `signal` is its number, or None.

    A handler runs in between whatever the main thread does: it must not ask for a lock that this thread may hold, and
    when a signal comes just before the thread begins to wait, nothing wakes it. So the handler only sets `signal`,
    and waiting is done in steps.
    """

    signal: int | None = None

    def is_set(self) -> bool:
        """Whether it was asked for, by a signal or by `set`."""
        return self.signal is not None or super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, for `timeout` seconds at most; whether it is."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = STEP if until is None else min(STEP, until - time.monotonic())
            if left <= 0:
                break
            super().wait(left)
        return self.is_set()


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """An event that SIGINT and SIGTERM set; a second SIGINT interrupts at once (KeyboardInterrupt)."""
    stop = Stop()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.signal = number

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
