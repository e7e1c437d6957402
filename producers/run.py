"""A whole run of the producer: every event of a source through one publisher."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from avrogate.errors import ConfigError, TransientError
from avrogate.settings import Settings
from producers.files import BETWEEN_REPORTS, Ears, Note, OnRefused, Progress, send_file
from producers.interrupt import Interruptible
from producers.publisher import Publisher
from producers.replay import JsonLines
from producers.source import Line, Source
from producers.summary import Summary
from schemas.catalog import Catalog, shipped_catalog


def produce(
    settings: Settings,
    source: Source,
    *,
    rate: float | None = None,
    catalog: Catalog | None = None,
    progress: Progress | None = None,
    on_refused: OnRefused | None = None,
    note: Note | None = None,
    again: bool = False,
) -> Summary:
    """Publish every event of `source`, `rate` a second at most, and wait until all are acknowledged.

    `progress` hears the source's `done` and `total` several times a second, and at the end; `on_refused` the
    number and the refusal of each refused line. Ctrl-C ends the run early, with everything read so far published
    or refused, and the summary says so.

    A regular file is sent once: what was sent of it before, however that ended, is not sent again, unless `again`
    is true (see `producers.files`). `note` hears what a person should know of that.

    Raises what `Publisher` raises; an outage in mid-run says how much had arrived.
    """
    if isinstance(source, JsonLines) and source.is_file:
        ears = Ears(progress, on_refused, note)
        return send_file(settings, source, catalog or shipped_catalog(), rate=rate, again=again, ears=ears)
    if again:
        raise ConfigError(f"{source.name} is no file that can be told from others", hint="leave --again out")
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
