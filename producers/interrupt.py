"""Ending a loop at Ctrl-C between two events, so that every line read is a line counted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruptible:
    """While it is entered, SIGINT or SIGTERM ends `guard` after the item at hand; a second one is KeyboardInterrupt.

    `signal` is the number of the signal that came, or None. Outside the main thread, where Python handles no
    signals, it does nothing; a signal that was ignored before stays so.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._reading = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def guard(self, items: Iterable[T]) -> Iterator[T]:
        """The items, until a signal comes. It also ends a wait for the next item."""
        iterator = iter(items)
        while self.signal is None:
            try:
                self._reading = True
                item = next(iterator)
            except StopIteration:
                return
            except KeyboardInterrupt:
                if self.signal is None:
                    raise
                return
            finally:
                self._reading = False
            yield item

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        second, self.signal = self.signal is not None, number
        if self._reading or second:
            raise KeyboardInterrupt
