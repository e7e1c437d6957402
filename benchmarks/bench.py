"""All measures, one table: `python -m benchmarks.bench --rounds 5 --events 100000`.

A row that misses its target is no error; a row that could not be measured is one, and the others are measured still.
On a stack of its own in a temporary folder, unless AVROGATE_BOOTSTRAP_SERVERS is set.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from avrogate.errors import AvrogateError
from avrogate.settings import Settings
from benchmarks.discovery import Source, sources
from benchmarks.measure import Bench
from benchmarks.results import keep
from benchmarks.row import Row, row
from benchmarks.stack import ROOT, platform, say
from benchmarks.surroundings import commit, surroundings, told
from benchmarks.table import show

RESULTS = ROOT / "build" / "bench" / "bench.json"


def main() -> None:
    """Measure, show, keep."""
    given = arguments()
    chosen = [one for one in sources() if wanted(one, given.only)]
    if not chosen:
        sys.exit(f"bench: no measure has {given.only!r} in its name")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # not without ending what was started
    console = Console(width=None if sys.stdout.isatty() else 160)
    with platform(say) as settings:
        where = surroundings(settings)
        about = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit(), "environment": where}
        about |= {"rounds": given.rounds, "events": given.events}
        rows = list(measured(chosen, settings, given))
    console.print(f"{given.rounds} rounds, {given.events:,} events; {told(where)}", soft_wrap=True, highlight=False)
    show(console, rows)
    keep(given.json, about, rows)
    console.print(f"every round: {given.json}", soft_wrap=True, highlight=False)
    sys.exit(any(one.trouble for one in rows))


def arguments() -> argparse.Namespace:
    """What the caller wants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="fewer than 5 are for trying things out")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--only", default="", metavar="NAME-PART", help="rows with this in their name")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="PATH", help="where every round's figure goes")
    given = parser.parse_args()
    if given.rounds < 1 or given.events < 1:
        parser.error("rounds and events are at least 1")
    return given


def measured(chosen: list[Source], settings: Settings, given: argparse.Namespace) -> Iterator[Row]:
    """The wanted rows, one file of measures after the other."""
    for source in chosen:
        home = settings.expanded_home / "bench" / source.name
        home.mkdir(parents=True)
        bench = Bench(settings, home, given.rounds, given.events, say, given.only)
        say(f"{source.name}: {', '.join(measure.name for measure in source.measures if bench.wants(measure))}")
        started = time.perf_counter()
        yield from rows_of(source, bench)
        say(f"{source.name}: done in {time.perf_counter() - started:.0f} s")


def rows_of(source: Source, bench: Bench) -> list[Row]:
    """The wanted rows of one file; what goes wrong in it is told in each of them."""
    mine = [measure for measure in source.measures if bench.wants(measure)]
    try:
        figures = source.run(bench)
    except Exception as error:  # noqa: BLE001  # the edge: the other files' rows are measured still
        if not isinstance(error, AvrogateError):
            traceback.print_exc()
        return [Row(measure, trouble=_said(error)) for measure in mine]
    return [row(measure, figures) for measure in mine]


def wanted(source: Source, only: str) -> bool:
    """Whether a file has one of the rows that somebody wants."""
    return any(only.lower() in measure.name.lower() for measure in source.measures)


def _said(error: Exception) -> str:
    text = str(error) if isinstance(error, AvrogateError) else f"{type(error).__name__}: {error}"
    return next(iter(text.splitlines()), type(error).__name__)


if __name__ == "__main__":
    main()
