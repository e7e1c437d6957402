"""A call that may never return, made by a thread that can be left behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

# seconds between two looks at signals
SLICE = 0.2


class Errand:
    """A call of Kafka's client, which holds no lock of Python's while it waits; begun when this is made.

    One that never returns does not keep the process from ending.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call: Callable[[], Any] | None = call
        self._raised: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def done(self, seconds: float) -> bool:
        """Whether it has returned, at once or within `seconds`. Raises what it raised, once."""
        until = time.monotonic() + seconds
        while self._thread.is_alive() and (left := until - time.monotonic()) > 0:
            self._thread.join(min(SLICE, left))
        if self._thread.is_alive():
            return False
        raised, self._raised = self._raised, None
        if raised is None:
            return True
        try:
            raise raised
        finally:  # its traceback has this frame: without a cycle it goes, and what the call held, when it is handled
            del raised

    def _run(self) -> None:
        call, self._call = self._call, None
        assert call is not None
        try:
            call()
        except BaseException as error:  # noqa: BLE001 # for the thread that waits
            self._raised = error
