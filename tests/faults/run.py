"""The fault suite: real processors are killed, stopped and cut off, and what they leave is held against an oracle.

python tests/faults/run.py --kills 8 --payloads 50000 --seed 1 [--only NAME …] [--json FILE]

Prints a table at the end. The exit code is 1 if any scenario fails. Two scenarios run at once, because most of their
time is waiting; each has a broker and a registry to itself meanwhile, and topics and a consumer group of its own.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from arena import Arena, Profile, Row
from rich.console import Console
from rich.table import Table

from avrogate.settings import Settings
from conftest import running_stack

SCENARIOS = Path(__file__).with_name("scenarios")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Scenario:
    """What happens to the processors. One that is `seldom` done is done by its name or in a full run."""

    name: str
    do: Callable[[Arena], None]
    seldom: bool = False


def scenarios() -> list[Scenario]:
    """Every scenario of the folder: the `cases` of a file, SELDOM names some of them, or its `scenario`."""
    found: list[Scenario] = []
    for file in sorted(SCENARIOS.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"scenario_{file.stem}", file)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        name = file.stem.replace("_", "-")
        if hasattr(module, "cases"):
            seldom = getattr(module, "SELDOM", ())
            found += [Scenario(f"{name}-{case}", do, case in seldom) for case, do in module.cases.items()]
        else:
            found.append(Scenario(name, module.scenario))
    return found


def run_all(
    jobs: Sequence[tuple[Scenario, Profile]], folder: Path, lanes: int, say: Say = lambda line: None
) -> list[Row]:
    """Do each of them on one of so many stacks; a row for each, in the order given."""
    waiting: SimpleQueue[int] = SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)
    rows: dict[int, Row] = {}

    def work(lane: int) -> None:
        with _stack(folder / f"stack-{lane}") as stack:
            while True:
                try:
                    number = waiting.get_nowait()
                except Empty:
                    return
                scenario, profile = jobs[number]
                row = Arena(scenario.name, stack, folder / f"{number}-{scenario.name}", profile).run(scenario.do)
                rows[number] = row
                say(f"{row.scenario}: {'clean' if row.clean else 'FAILED'} in {row.seconds:.1f} s")
                for fault in row.faults:
                    say(f"  {fault}")

    threads = [threading.Thread(target=work, args=(lane,)) for lane in range(min(lanes, len(jobs)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [rows[number] for number in sorted(rows)]


def table(rows: Sequence[Row]) -> Table:
    """For people."""
    columns = "scenario", "events", "kills", "aborted", "cut off", "lost", "duplicated", "wrong", "seconds", "verdict"
    drawn = Table(
        *columns,
        caption="aborted: transactions, most of them by a processor whose batch came too late for the group's\n"
        "generation (a rebalance). cut off: those that the broker aborted, because their producer was gone.",
        caption_justify="left",
    )
    for row in rows:
        numbers = (row.events, row.kills, row.aborted, row.cut_off, row.lost, row.duplicated, row.wrong)
        verdict = "clean" if row.clean else "FAILED"
        drawn.add_row(row.scenario, *(f"{number:,}" for number in numbers), f"{row.seconds:.1f}", verdict)
    return drawn


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=8, help="at random moments")
    parser.add_argument("--payloads", type=int, default=50_000, help="of garbage")
    parser.add_argument("--outage", type=float, default=20.0, help="seconds of each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=2, help="scenarios at once")
    parser.add_argument("--only", nargs="*", default=[], help="names of scenarios, or how they begin")
    parser.add_argument("--full", action="store_true", help="also what is seldom done")
    parser.add_argument("--broken", help="processors that are wrong on purpose (broken.py)")
    parser.add_argument("--json", type=Path, help="the table, for programs")
    parser.add_argument("--keep", action="store_true", help="keep the logs and the broker's data, and say where")
    parser.add_argument("--list", action="store_true", help="say which scenarios there are")
    return parser.parse_args()


def _chosen(only: Sequence[str], full: bool) -> list[Scenario]:
    found = scenarios()
    if only:
        return [one for one in found if any(one.name.startswith(name) for name in only)]
    return [one for one in found if full or not one.seldom]


_starting = threading.Lock()


@contextmanager
def _stack(home: Path) -> Iterator[Settings]:
    with ExitStack() as held:
        with _starting:  # their ports are free until they are taken
            stack = held.enter_context(running_stack(home))
        yield stack


def main() -> int:
    arguments = _arguments()
    chosen = _chosen(arguments.only, arguments.full)
    console = Console(width=120)
    if arguments.list or not chosen:
        console.print("\n".join(one.name for one in chosen) or "no such scenario")
        return 0 if chosen else 1
    profile = Profile(arguments.kills, arguments.payloads, arguments.outage, arguments.seed, arguments.broken)
    folder = Path(tempfile.mkdtemp(prefix="avrogate-faults-"))
    try:
        rows = run_all([(one, profile) for one in chosen], folder, arguments.lanes, console.print)
    finally:
        if arguments.keep:
            console.print(f"kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    console.print(table(rows))
    for row in rows:  # once more, where whoever reads only the end sees them
        for fault in row.faults:
            console.print(f"{row.scenario}: {fault}", markup=False)
    if arguments.json:
        content = [asdict(row) | {"clean": row.clean} for row in rows]
        arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0 if len(rows) == len(chosen) and all(row.clean for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
