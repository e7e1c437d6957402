"""The minute KPIs while they are counted: a table written over in place on a terminal, elsewhere a line a batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from avrogate.cli.analytics.minute_tables import overview
from avrogate.cli.analytics.render import batch
from avrogate.cli.console import err, out

if TYPE_CHECKING:
    from rich.console import Group

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
        yield lambda report: err.print(batch(report), highlight=False)
        return
    from rich.live import Live

    from analytics.kpi_reader import KpiReader

    said, over = deque(["waiting for events"], maxlen=1), Event()
    reader = KpiReader(settings, keep=_room() + 1)
    with reader.following() as follower, Live(console=out, auto_refresh=False, transient=True) as live:
        show = lambda: live.update(_table(reader, follower, said[-1]), refresh=True)  # noqa: E731
        thread = Thread(target=_refresh, args=(show, over), daemon=True)
        thread.start()
        try:
            yield lambda report: said.append(batch(report))
        finally:
            over.set()
            thread.join()


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
