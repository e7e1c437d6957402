"""From nothing to the numbers: what a person waits for after `make run-pipeline`, all jars being there."""

from __future__ import annotations

import re
import time

from benchmarks.commands import home_at
from benchmarks.measure import Bench, Figures, Measure

RUNS = 2
PIPELINE = Measure(
    name="avrogate run-pipeline",
    ours="seconds of a run on an empty home, jars downloaded before",
    unit="s",
    bound="at most",
    target=60,
    acceptable=90,
)
MEASURES = (PIPELINE,)


def run(bench: Bench) -> dict[str, Figures]:
    """Whole runs, each in a home and on a stack of its own."""
    events, figures, steps = bench.events, Figures(), ""
    for number in range(min(RUNS, bench.rounds)):
        bench.say(f"the pipeline with {events:,} events")
        home = home_at(bench.home / f"home-{number}", bench.settings)
        started = time.perf_counter()
        said = home.run("run-pipeline", "--events", str(events))
        figures.ours.append(time.perf_counter() - started)
        steps = ", ".join(f"{name} {seconds}" for name, seconds in parts(said))
    figures.notes += [f"{events:,} events", f"seconds of the last run: {steps}"]
    return {PIPELINE.name: figures}


def parts(said: str) -> list[tuple[str, str]]:
    """The steps and their seconds, as the run prints them."""
    return re.findall(r"^([\w ]+) \((\d+\.\d) s\)", said, re.MULTILINE)
