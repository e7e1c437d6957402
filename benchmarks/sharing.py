"""Several processors of one group at once."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from avrogate.errors import AvrogateError
from avrogate.kafka import consumer, offsets
from avrogate.kafka_groups import committed_offsets
from avrogate.settings import Settings
from benchmarks.contenders import HANGS, OURS, Result, job, last_line, outputs, result_of
from benchmarks.measure import Bench
from benchmarks.peers.job import Job
from benchmarks.stack import environment
from benchmarks.topics import Input, copy, drop, fresh
from processors.run import GROUP

READY, LOOK = "ready", 0.3


@dataclass(frozen=True)
class Member:
    """One processor of the group: its process, and the file with what it says on standard error."""

    process: subprocess.Popen[str]
    log: Path

    def wait_until_ready(self) -> None:
        """Wait until it has its share. Raises AvrogateError if it ends before."""
        assert self.process.stdout is not None
        if self.process.stdout.readline().strip() != READY:
            raise AvrogateError(f"{OURS.name} failed: {last_line(self.log.read_text(encoding='utf-8'))}")

    def finish(self) -> Result:
        """End it, and take what it measured."""
        output, _ = self.process.communicate(timeout=HANGS)
        return result_of(output, OURS.name)


def work_of(bench: Bench, source: Input, processes: int) -> float:
    """Seconds of a core that so many processors need for an event, all of them together."""
    settings, raw = bench.settings, fresh(bench.settings)
    with outputs(settings, raw) as (catalog, suffix), ExitStack() as stack:
        partitions = catalog.topics[raw].partitions
        told = job(settings, catalog, suffix, 0)
        members = [stack.enter_context(_member(bench, told, partitions // processes)) for _ in range(processes)]
        for member in members:
            member.wait_until_ready()
        copy(settings, source, raw)
        _wait(settings, raw, partitions)
        results = [member.finish() for member in members]
    drop(settings, raw)
    return sum(one.cpu * one.events for one in results) / sum(one.events for one in results)


@contextmanager
def _member(bench: Bench, told: Job, share: int) -> Iterator[Member]:
    log = bench.home / f"{uuid.uuid4().hex}.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [OURS.python, "-m", f"benchmarks.peers.{OURS.module}", str(share)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment(bench.settings),
            cwd=bench.home,
            text=True,
        )
    try:
        assert process.stdin is not None
        process.stdin.write(told.text() + "\n")
        process.stdin.flush()
        yield Member(process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _wait(settings: Settings, raw: str, partitions: int) -> None:
    """Wait until the group has committed all: the last offset is the marker of the transaction that brought them."""
    client = consumer(settings, "bench-ends")
    try:
        ends = {partition: offsets(settings, client, raw, partition)[1] for partition in range(partitions)}
    finally:
        client.close()
    until = time.monotonic() + HANGS
    while time.monotonic() < until:
        done = committed_offsets(settings, GROUP, raw, partitions)
        if all((done[partition] or 0) >= end - 1 for partition, end in ends.items()):
            return
        time.sleep(LOOK)
    raise AvrogateError(f"{OURS.name} is not done after {HANGS} seconds")
