"""Python's search for garbage in cycles, kept out of the way of batches."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

# objects that may come into being, more than go, before a search: a batch of 10,000 records stays below. Python's
# own 700 would have it search hundreds of times in a batch, through all that the process has (a third of its time)
SELDOM = 250_000

_lock = Lock()
_before: list[tuple[int, int, int]] = []


@contextmanager
def seldom_searched() -> Iterator[None]:
    """Search seldom meanwhile, and never through what was there before. Memory that goes by itself still does.

    It is the whole process's: the last of several that are in it at once restores what was before the first.
    """
    with _lock:
        _before.append(gc.get_threshold())
        if len(_before) == 1:
            gc.collect()
            gc.freeze()
            gc.set_threshold(SELDOM, *_before[0][1:])
    try:
        yield
    finally:
        with _lock:
            first = _before[0]
            _before.pop()
            if not _before:
                gc.set_threshold(*first)
                gc.unfreeze()
