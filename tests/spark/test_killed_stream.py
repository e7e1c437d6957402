"""SIGKILL of the streaming job's JVM at random moments under load: the final numbers are those of the events.

`AVROGATE_STREAM_KILLS` says how often (3; the full run is 20), `AVROGATE_SEED` when and what.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from analytics.kpi_topic import read_results
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from conftest import environment
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

if TYPE_CHECKING:
    from conftest import Platform

KILLS = int(os.environ.get("AVROGATE_STREAM_KILLS", "3"))
SEED = int(os.environ.get("AVROGATE_SEED", "1"))
# of a round: start of a JVM, first batch, and the wait for a moment to kill; many times what they take alone
ROUND = 600.0

pytestmark = [
    pytest.mark.spark,
    pytest.mark.stack,
    pytest.mark.faults,
    pytest.mark.timeout(300 + KILLS * ROUND),
]

START = 1_773_532_620
# a chunk is a transaction of this many events and seconds of their time
CHUNK, SPAN = 300, 30
CLOSING = 30 * 60


class Job:
    """One life of the streaming job."""

    def __init__(self, settings: Settings, suffix: str, *arguments: str) -> None:
        self.spark = settings.expanded_home / "checkpoints" / "minute-kpis" / "spark"
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("stream_job.py")), suffix, *arguments],
            env=environment(settings),
            stdout=subprocess.DEVNULL,
        )

    def numbers(self, kind: str) -> set[int]:
        """Batches that Spark has planned (`offsets`) or finished (`commits`)."""
        return {int(file.name) for file in (self.spark / kind).glob("*") if file.name.isdecimal()}

    def uncommitted(self) -> set[int]:
        """Batches that are planned and not finished."""
        commits = self.numbers("commits")  # first: one that is finished meanwhile is not taken for unfinished
        return self.numbers("offsets") - commits

    def java(self) -> psutil.Process | None:
        """The JVM of the driver, once it runs."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return next((one for one in children if _is_spark(one)), None)

    def kill(self) -> set[int]:
        """SIGKILL the JVM, and then what is left of the job; the batches that it did not finish."""
        java = self.java()
        assert java is not None
        java.send_signal(signal.SIGKILL)
        java.wait(30)
        self.process.kill()
        self.process.wait(30)
        return self.numbers("offsets") - self.numbers("commits")

    def end(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            for one in [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]:
                one.kill()
            self.process.wait(30)


def _is_spark(process: psutil.Process) -> bool:
    try:
        return process.name() == "java" and any("SparkSubmit" in word for word in process.cmdline())
    except psutil.Error:  # it ended meanwhile
        return False


class Load:
    """Events in the order of their time, transaction after transaction: a batch has none that the next finds late."""

    def __init__(self, writer: Any, reference: ModuleType) -> None:
        self.writer, self.reference = writer, reference
        self.chunks = 0
        self.failed: BaseException | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Write in a thread."""
        stop = Event()
        thread = Thread(target=self._write, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(60)
        if self.failed:
            raise self.failed

    def _write(self, stop: Event) -> None:
        try:
            while not stop.wait(0.5):
                start = START + self.chunks * SPAN
                self.writer.write(self.reference.events(SEED * 1000 + self.chunks, CHUNK, start, SPAN), spoil=False)
                self.chunks += 1
        except BaseException as error:  # noqa: BLE001  # told by the test
            self.failed = error


def wait_for(job: Job, reached: Any, what: str, pause: float = 0.2) -> None:
    deadline = time.monotonic() + ROUND
    while not reached():
        assert job.process.poll() is None, f"the job ended with {job.process.returncode}"
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(pause)


def in_topic(platform: Platform, topic: str) -> list[dict[str, Any]]:
    """Every event of the topic, decoded without Spark."""
    decoder = TopicDecoder(platform.catalog, Registry(platform.settings), topic)
    return [decoder.read(message.value()).record for message in read_to_end(platform.settings, topic)]


def test_final_numbers_after_kills_are_those_of_the_events(
    platform: Platform, writer: Any, reference: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, started = random.Random(SEED), time.monotonic()
    suffix = platform.catalog.stage_topic("enriched").removeprefix("events-enriched").lstrip("-")
    load = Load(writer, reference)
    killed: list[set[int]] = []
    lives = 0
    with load.running():
        while len(killed) < KILLS:
            lives += 1
            assert lives <= 3 * KILLS, f"{lives} lives and {len(killed)} kills in a batch"
            job = Job(platform.settings, suffix)
            try:
                before = len(job.numbers("commits"))
                wait_for(job, lambda: len(job.numbers("commits")) > before, "a batch")  # noqa: B023
                moment = time.monotonic() + chance.uniform(0.0, 3.0)
                wait_for(job, lambda: time.monotonic() >= moment and job.uncommitted(), "a batch to kill", 0.01)  # noqa: B023
                time.sleep(chance.uniform(0.0, 0.4))  # anywhere within it: tasks, state, publishing, commit
                if left := job.kill():
                    killed.append(left)
            finally:
                job.end()
    records = in_topic(platform, writer.topic)
    newest = max(record["time"] for record in records)
    closing = [reference.init("closing", newest + CLOSING * 1000)]
    writer.write(closing)
    last = Job(platform.settings, suffix, "0")
    try:
        assert last.process.wait(ROUND) == 0
    finally:
        last.end()

    found = read_results(platform.settings, platform.catalog)
    assert found.late_events == 0
    final = reference.as_dict(found.rows)
    assert final == reference.minutes([*records, *closing])
    assert all(row.final for row in found.rows if row.minute.timestamp() * 1000 <= newest)
    assert len(records) == load.chunks * CHUNK
    values = sum(len([one for one in value if one is not None]) for value in final.values())
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{len(killed)} kills of the JVM in {lives} lives, uncommitted batch at each: "
            f"{[sorted(one) for one in killed]}; {len(last.numbers('commits'))} batches, {len(records):,} events, "
            f"{len(final):,} rows with {values:,} values equal; {time.monotonic() - started:.0f} s"
        )
