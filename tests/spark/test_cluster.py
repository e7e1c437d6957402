"""The same jobs on executors in JVMs of their own (`local-cluster`): the same numbers, even if one of them dies."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from analytics.kpi_topic import read_results
from conftest import environment

if TYPE_CHECKING:
    from conftest import Platform

# a driver and two executors in JVMs of their own, one more after the kill: slow on a machine that others use
pytestmark = [pytest.mark.spark, pytest.mark.stack, pytest.mark.cluster, pytest.mark.timeout(900)]

MASTER = "local-cluster[2,1,1024]"
START = 1_773_532_620


class Driver:
    """A driver in a process of its own, as the master is chosen when its JVM starts. Does one job at a time."""

    def __init__(self, platform: Platform) -> None:
        self.settings = platform.settings
        self.checkpoints = self.settings.expanded_home / "shared"
        suffix = platform.catalog.stage_topic("enriched").removeprefix("events-enriched").lstrip("-")
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("cluster_jobs.py")), suffix],
            env=environment(self.settings)
            | {"AVROGATE_SPARK_MASTER": MASTER, "AVROGATE_CHECKPOINTS": str(self.checkpoints)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.answer() == MASTER

    def start(self, job: str) -> None:
        assert self.process.stdin
        print(job, file=self.process.stdin, flush=True)

    def answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"the driver ended with {self.process.wait(30)}"
        return json.loads(line)

    def ask(self, job: str) -> Any:
        self.start(job)
        return self.answer()

    def executors(self) -> dict[int, psutil.Process]:
        """The JVMs of the executors that live now."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return {one.pid: one for one in found if any("CoarseGrainedExecutorBackend" in each for each in _words(one))}

    def planned(self) -> set[int]:
        """Batches that Spark has planned and not committed."""
        folder = self.checkpoints / "minute-kpis" / "spark"
        names = [{int(one.name) for one in (folder / kind).glob("[0-9]*")} for kind in ("offsets", "commits")]
        return names[0] - names[1]

    def end(self) -> None:
        """End the driver, and with it the executors."""
        assert self.process.stdin
        left = psutil.Process(self.process.pid).children(recursive=True)
        self.process.stdin.close()
        try:
            self.process.wait(60)
        finally:
            for one in psutil.wait_procs(left, 10)[1]:
                one.kill()


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it ended meanwhile
        return []


@pytest.fixture
def driver(platform: Platform) -> Iterator[Driver]:
    made = Driver(platform)
    yield made
    made.end()


def test_same_numbers_though_an_executor_is_killed(
    driver: Driver, platform: Platform, writer: Any, reference: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    first = reference.events(11, 2000, START, 400)
    writer.write(first)
    assert len(driver.executors()) == 2
    where = driver.ask("executors")
    # work was done by both executors, and in UTC whatever the machine's zone is
    assert {int(pid) for _, pid in where} == set(driver.executors())
    assert all('id="UTC"' in zone for zone, _ in where), where

    daily = driver.ask("daily")
    rows, totals = reference.daily(first, "any")
    assert {(row["day"], row["country"], row["platform"]): row["users"] for row in daily["rows"]} == {
        (str(day), country, kind): users for (day, country, kind), users in rows.items()
    }
    assert daily["totals"] == {str(day): users for day, users in totals.items()}

    filled = driver.ask("lake")
    assert (filled["events"], filled["after"]["after"]) == (2000, 6)  # three events, two days
    assert driver.ask("daily of the lake") == daily

    assert driver.ask("stream") == {"events": 2000, "late": 0, "restarts": 0}
    found = read_results(platform.settings, platform.catalog)
    assert reference.as_dict(found.rows) == reference.minutes(first)

    more = reference.events(12, 30_000, START + 400, 400)
    writer.write(more)
    driver.start("stream")
    deadline = time.monotonic() + 300
    while not (running := driver.planned()):
        assert time.monotonic() < deadline, "no batch was planned"
        time.sleep(0.02)
    time.sleep(0.3)  # its tasks are with the executors now
    (killed, process), *_ = driver.executors().items()
    process.kill()
    assert running <= driver.planned(), "the batch was over before the kill"
    answer = driver.answer()
    assert answer["events"] == 30_000
    assert answer["late"] == 0
    found = read_results(platform.settings, platform.catalog)
    assert reference.as_dict(found.rows) == reference.minutes([*first, *more])
    assert killed not in driver.executors()
    # what driver and executors share is one folder, and the state is in it: RocksDB's, as what each batch changed
    assert any((driver.checkpoints / "minute-kpis" / "spark" / "state").rglob("*.changelog"))
    assert not (platform.settings.expanded_home / "checkpoints").exists()
    with capsys.disabled():
        print(f"\nexecutor {killed} of 2 killed in batch {max(running)}; {len(found.rows)} values exact, {answer}")  # noqa: T201
