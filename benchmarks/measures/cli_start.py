"""How long `avrogate --help` keeps a person waiting."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.commands import COMMAND, home_at
from benchmarks.measure import Bench, Figures, Measure

RUNS = 20
HELP = Measure(
    name="avrogate --help",
    ours="seconds from the start of the process to its end",
    unit="s",
    bound="at most",
    target=0.3,
    acceptable=0.5,
)
MEASURES = (HELP,)


def run(bench: Bench) -> dict[str, Figures]:
    """Several runs, after one that fills the caches."""
    script = Path(sys.executable).with_name("avrogate")
    command = [str(script)] if script.is_file() else list(COMMAND)
    environment = home_at(bench.home / "home", bench.settings).environment
    figures = Figures()
    for number in range(max(RUNS, bench.rounds) + 1):
        started = time.perf_counter()
        subprocess.run([*command, "--help"], env=environment, stdout=subprocess.DEVNULL, check=True)
        if number:
            figures.ours.append(time.perf_counter() - started)
    figures.notes.append(f"{len(figures.ours)} runs, from {min(figures.ours):.2f} to {max(figures.ours):.2f} s")
    return {HELP.name: figures}
