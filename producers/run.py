"""A whole run of the producer: every event of a source through one publisher."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from avrogate.errors import TransientError
from avrogate.settings import Settings
from producers.interrupt import Interruptible
from producers.publisher import Publisher
from producers.refusals import Refusal
from producers.source import Line, Source
from producers.summary import Summary
from schemas.catalog import Catalog

Progress = Callable[[int, int | None], None]
OnRefused = Callable[[int, Refusal], None]
BETWEEN_REPORTS = 0.1  # seconds


def produce(
    settings: Settings,
    source: Source,
    *,
    rate: float | None = None,
    catalog: Catalog | None = None,
    progress: Progress | None = None,
    on_refused: OnRefused | None = None,
) -> Summary:
    """Publish every event of `source`, `rate` a second at most, and wait until all are acknowledged.

    `progress` hears the source's `done` and `total` several times a second, and at the end; `on_refused` the
    number and the refusal of each refused line. Ctrl-C ends the run early, with everything read so far published
    or refused, and the summary says so.

    Raises what `Publisher` raises; an outage in mid-run says how much had arrived.
    """
    lines = iter(source) if rate is None else paced(source, rate)
    with Publisher(settings, catalog) as publisher, Interruptible() as interrupt:
        try:
            for line in interrupt.guard(_reported(lines, source, progress)):
                refusal = publisher.publish(line.event, source=source.name, line=line.number)
                if refusal is not None and on_refused is not None:
                    on_refused(line.number, refusal)
            publisher.close()
        except TransientError as error:
            arrived = publisher.summary.all_sent
            raise type(error)(f"{error.message}; {arrived} events had arrived", error.hint) from error
    return replace(publisher.summary, signal=interrupt.signal)


def paced(
    lines: Iterable[Line],
    rate: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Line]:
    """The lines, each no earlier than `rate` lines a second allow. After a delay it catches up."""
    start = clock()
    for index, line in enumerate(lines):
        early = start + index / rate - clock()
        if early > 0:
            sleep(early)
        yield line


def _reported(lines: Iterable[Line], source: Source, progress: Progress | None) -> Iterator[Line]:
    if progress is None:
        yield from lines
        return
    due = 0.0
    for line in lines:
        yield line
        now = time.monotonic()
        if now >= due:
            progress(source.done, source.total)
            due = now + BETWEEN_REPORTS
    progress(source.done, source.total)
