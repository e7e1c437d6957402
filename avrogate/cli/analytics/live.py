"""The minute KPIs while they are counted: a table written over in place on a terminal, elsewhere a line a batch.

Warnings stay: on a terminal they are printed above the table.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from avrogate.cli.analytics.minute_tables import overview
from avrogate.cli.analytics.render import batch, batch_line, warnings
from avrogate.cli.console import err, out

if TYPE_CHECKING:
    from rich.console import Console, Group

    from analytics.kpi_reader import KpiReader
    from analytics.sink import BatchReport
    from avrogate.kafka_following import Follower
    from avrogate.settings import Settings

# seconds between two looks; and the rows that are no minutes: title, rules, headings, the batch, what is wrong
REFRESH, AROUND = 0.5, 9


@contextmanager
def shown_live(settings: Settings) -> Iterator[Callable[[BatchReport], None]]:
    """What a batch is reported to while the block runs. The table is of `kpis-minute`, as everyone reads it."""
    if not (out.is_terminal and err.is_terminal):
        yield lambda report: err.print(batch(report), markup=False, highlight=False, soft_wrap=True)
        return
    from rich.live import Live

    from analytics.kpi_reader import KpiReader

    said, over = Said(), Event()
    reader = KpiReader(settings, keep=_room() + 1)
    with reader.following() as follower, Live(console=out, auto_refresh=False, transient=True) as live:

        def show() -> None:
            said.warn(live.console)
            live.update(_table(reader, follower, said.line), refresh=True)

        thread = Thread(target=_refresh, args=(show, over), daemon=True)
        thread.start()
        try:
            yield said.take
        finally:
            over.set()
            thread.join()
            said.warn(live.console)


class Said:
    """What the batches came to: the newest one's line, and every warning until it was printed.

    Spark's thread takes, and only the one that draws the table prints: two would write into each other.
    """

    line = "waiting for events"

    def __init__(self) -> None:
        self._warnings: deque[str] = deque()

    def take(self, report: BatchReport) -> None:
        """Take what a batch reports."""
        self.line = batch_line(report)
        self._warnings.extend(warnings(report))

    def warn(self, console: Console) -> None:
        """Print the warnings that were not printed yet."""
        while self._warnings:
            console.print(self._warnings.popleft(), markup=False, highlight=False, soft_wrap=True)


def _refresh(show: Callable[[], None], over: Event) -> None:
    show()
    while not over.wait(REFRESH):
        show()


def _table(reader: KpiReader, follower: Follower, said: str) -> Group:
    from rich.console import Group
    from rich.text import Text

    results = reader.result(_room())
    parts = [overview(results, most=_room()) if results.rows else Text("No minute has an event yet."), Text(said)]
    troubles = [Text(f"waiting: {trouble.message}") for trouble in follower.health.troubles.values()]
    return Group(*parts, *troubles)


def _room() -> int:
    """How many minutes fit: what a terminal cannot show it cannot write over."""
    return max(out.size.height - AROUND, 3)
