"""A call that may never return, made by a thread that can be left behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

from confluent_kafka import KafkaException

from avrogate.errors import AvrogateError

# seconds between two looks at signals
SLICE = 0.2


class Errand:
    """A call of Kafka's client, which holds no lock of Python's while it waits; begun when this is made.

    One that never returns does not keep the process from ending.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._raised: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def done(self, seconds: float) -> bool:
        """Whether it has returned, at once or within `seconds`. Raises the Kafka error that it raised."""
        until = time.monotonic() + seconds
        while self._thread.is_alive() and (left := until - time.monotonic()) > 0:
            self._thread.join(min(SLICE, left))
        if self._raised is not None:
            raise self._raised
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._call()
        except (KafkaException, AvrogateError) as error:  # for the thread that waits
            self._raised = error
