"""Where the processor's time goes, by step: `python -m benchmarks.steps --events 150000`.

Runs the quality processor in this process on generated events, and prints what each step took of the main thread:
microseconds of processor time and of the clock for an event. Steps within others are indented. What the client's own
threads do is not in them; the last line has the whole process. On a stack of its own in a temporary folder.
"""

from __future__ import annotations

import argparse
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from threading import Event
from typing import Any

from avrogate.kafka_transactions import TransactionalProducer
from benchmarks.stack import platform
from benchmarks.topics import INPUT, catalog_of, generate
from processors import run
from processors.batch import prepared
from processors.batch.buffer import Buffer
from processors.batch.judge import BatchJudge
from processors.batch.memory import Memory
from processors.intake import Intake
from processors.judge import Judge
from processors.quality import QualityProcessor
from processors.vitals import Committed, Vitals

STEPS: tuple[tuple[int, str, Any, str], ...] = (
    (0, "reading", Intake, "read"),
    (0, "judging", BatchJudge, "judge"),
    (1, "the buffer", Buffer, "__init__"),
    (1, "the walk", prepared, "scan_events"),
    (1, "rules that only refuse", prepared.Prepared, "_passed"),
    (1, "remembered values", Memory, "pieces"),
    (1, "columns", prepared.Prepared, "_column"),
    (1, "profiles and the judge, in order", BatchJudge, "_in_order"),
    (2, "the judge", Judge, "judge"),
    (1, "values", prepared.Prepared, "values"),
    (0, "writing", QualityProcessor, "_write"),
    (1, "profiles", QualityProcessor, "_write_profiles"),
    (0, "offsets", TransactionalProducer, "send_offsets"),
    (0, "commit", TransactionalProducer, "commit"),
)


class Clock:
    """Seconds of each step: of this thread's processor time, and of the clock."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])

    def watch(self, name: str, owner: Any, method: str) -> None:
        """Count what a function takes from now on."""
        plain: Callable[..., Any] = getattr(owner, method)

        @wraps(plain)
        def timed(*arguments: Any, **options: Any) -> Any:
            work, begun = time.thread_time(), time.perf_counter()
            try:
                return plain(*arguments, **options)
            finally:
                taken = self.taken[name]
                taken[0] += time.thread_time() - work
                taken[1] += time.perf_counter() - begun

        setattr(owner, method, timed)


def main() -> None:
    """Generate, process, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=150_000)
    given = parser.parse_args()
    clock, vitals, commits = Clock(), Vitals(), list[tuple[int, float]]()
    for depth, name, owner, method in STEPS:
        clock.watch("  " * depth + name, owner, method)

    def committed(batch: Committed) -> None:
        commits.append((batch.events, time.process_time()))

    vitals.on_batch = committed
    with platform() as settings:
        source = generate(settings, given.events)
        run.GROUP = f"steps-{uuid.uuid4().hex[:8]}"
        run.process(settings, Event(), until_idle=1.0, catalog=catalog_of(source.topic, INPUT), vitals=vitals)
    events = sum(number for number, _ in commits)
    print(f"{events:,} events; µs an event of the main thread: processor time, clock")  # noqa: T201
    for depth, name, *_ in STEPS:
        work, clocked = clock.taken["  " * depth + name]
        print(f"{'  ' * depth + name:36} {work / events * 1e6:6.2f} {clocked / events * 1e6:6.2f}")  # noqa: T201
    whole = (commits[-1][1] - commits[0][1]) / (events - commits[0][0])
    print(f"{'the whole process, after its first commit':36} {whole * 1e6:6.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
