"""What grows with the processor's events and with its processes, and what must not.

Ten times the events are the same events ten times over, so that there are no more users than before. Two processors
are given their partitions while the raw topic is empty; then all events come at once, in one transaction. Memory is
what is resident after the last commit; the notes have the most that there ever was.
"""

from __future__ import annotations

import statistics

from benchmarks.contenders import OURS, timed
from benchmarks.measure import Bench, Figures, Measure
from benchmarks.sharing import work_of
from benchmarks.topics import Input, copied, drop, generate

TIMES = 10
MEGABYTE = 1e6

TIME = Measure(
    name="processor, 10 × the events: time",
    ours="10 × the events",
    other="the events",
    unit="s",
    bound="at most",
    target=10.5,
    acceptable=11,
)
MEMORY = Measure(
    name="processor, 10 × the events: memory",
    ours="10 × the events",
    other="the events",
    unit="MB",
    bound="at most",
    target=1.10,
    acceptable=1.10,
)
SHARED = Measure(
    name="processor, two of one group: CPU per event",
    ours="two",
    other="one",
    unit="µs",
    bound="at most",
    target=1.1,
    acceptable=1.2,
)
MEASURES = (TIME, MEMORY, SHARED)


def run(bench: Bench) -> dict[str, Figures]:
    """Generate once, and measure what somebody wants."""
    source = generate(bench.settings, bench.events)
    figures: dict[str, Figures] = {}
    if bench.wants(TIME, MEMORY):
        figures |= _growth(bench, source)
    if bench.wants(SHARED):
        figures[SHARED.name] = _shared(bench, source)
    drop(bench.settings, source.topic)
    return figures


def _growth(bench: Bench, source: Input) -> dict[str, Figures]:
    time, memory = Figures(), Figures()
    once, often = (copied(bench.settings, source, times) for times in (1, TIMES))
    peaks: dict[Input, list[float]] = {once: [], often: []}
    for number in range(bench.rounds):
        order = (once, often) if number % 2 == 0 else (often, once)
        results = {one: timed(bench.settings, OURS, one) for one in order}
        time.ours.append(results[often].seconds)
        time.other.append(results[once].seconds)
        memory.ours.append(results[often].resident / MEGABYTE)
        memory.other.append(results[once].resident / MEGABYTE)
        for one in order:
            peaks[one].append(results[one].peak / MEGABYTE)
        bench.say(
            f"scaling: round {number + 1}: {time.other[-1]:.2f} s and {time.ours[-1]:.2f} s, "
            f"{memory.other[-1]:.0f} MB and {memory.ours[-1]:.0f} MB"
        )
    most = {one: statistics.median(each) for one, each in peaks.items()}
    memory.notes.append(f"at most {most[often]:.0f} MB with 10 × the events, {most[once]:.0f} MB with the events")
    drop(bench.settings, once.topic, often.topic)
    return {TIME.name: time, MEMORY.name: memory}


def _shared(bench: Bench, source: Input) -> Figures:
    figures = Figures()
    for number in range(bench.rounds):
        order = (1, 2) if number % 2 == 0 else (2, 1)
        each = {processes: work_of(bench, source, processes) * 1e6 for processes in order}
        figures.ours.append(each[2])
        figures.other.append(each[1])
        bench.say(f"scaling: round {number + 1}: {each[2]:.1f} µs an event by two processors, {each[1]:.1f} by one")
    return figures
