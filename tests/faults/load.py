"""Events at a rate, until they are all there or nobody wants more."""

from __future__ import annotations

import threading
import time

from avrogate.settings import Settings
from producers.generator import Generator, Plan
from producers.publisher import Publisher
from producers.run import paced
from schemas.catalog import Catalog

INVALID = 0.02
SPAN = 600
# seconds for which the broker may be away
PATIENCE = 300.0


class Load:
    """A producer in a thread of its own; a context that ends it. `rate` is in events per second."""

    def __init__(self, settings: Settings, catalog: Catalog, *, events: int, seed: int, rate: float | None) -> None:
        plan = Plan(events=events, seed=seed, start=int(time.time()) - SPAN, span=SPAN, invalid_share=INVALID)
        self.error: Exception | None = None
        self._settings, self._catalog, self._plan, self._rate = settings, catalog, plan, rate
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Send no more, and wait until what was sent has arrived. Raises what went wrong."""
        self._enough.set()
        self.wait()

    def wait(self) -> None:
        """Wait until all of it has arrived. Raises what went wrong."""
        if self._thread.ident is not None:
            self._thread.join()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        source = Generator(self._plan)
        lines = paced(source, self._rate) if self._rate else iter(source)
        try:
            with Publisher(self._settings, self._catalog, patience=PATIENCE) as publisher:
                for line in lines:
                    publisher.publish(line.event, source=source.name, line=line.number)
                    if self._enough.is_set():
                        break
        except Exception as error:  # noqa: BLE001 # for the thread that waits
            self.error = error
