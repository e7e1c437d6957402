"""Python's search for garbage in cycles, kept out of the way of batches."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# objects that may come into being, more than go, before a search: a batch of 10,000 records stays below. Python's
# own 700 would have it search hundreds of times in a batch, through all that the process has (a third of its time)
SELDOM = 250_000


@contextmanager
def seldom_searched() -> Iterator[None]:
    """Search seldom meanwhile, and never through what was there before. Memory that goes by itself still does."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
