"""The JVM that fills the lake is killed again and again, in the middle of a batch: each record is there once.

AVROGATE_LAKE_KILLS says how often (3; the full run is 20), AVROGATE_LAKE_SEED when.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from conftest import by_path, environment

if TYPE_CHECKING:
    from avrogate.settings import Settings
    from conftest import Platform

KILLS = int(os.environ.get("AVROGATE_LAKE_KILLS", "3"))
SEED = int(os.environ.get("AVROGATE_LAKE_SEED", "1"))
pytestmark = [
    pytest.mark.spark,
    pytest.mark.stack,
    pytest.mark.faults,
    pytest.mark.timeout(1200 + 600 * KILLS),
]

START, SPAN = 1_773_532_620, 400
# small batches: more of them to be killed in
RECORDS_PER_BATCH, PER_WRITE = 1_000, 400
# and large ones for what the load wrote meanwhile
CATCH_UP = 100_000
PATIENCE = 600.0


class Driver:
    """A process that fills the lake, and its JVM."""

    def __init__(self, platform: Platform, idle: float, records: int = RECORDS_PER_BATCH) -> None:
        suffix = platform.catalog.stage_topic("enriched").removeprefix("events-enriched").lstrip("-")
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("lake_jobs.py")),
                suffix,
                str(records),
                str(idle),
            ],
            env=environment(platform.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def kill_jvm(self) -> None:
        """SIGKILL, to the JVM itself: the driver's Python has nothing to talk to any more, and ends."""
        (jvm,) = (one for one in psutil.Process(self.process.pid).children(recursive=True) if one.name() == "java")
        jvm.kill()
        jvm.wait(10)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)


class Load:
    """Writes enriched events all the time, in transactions, some of them aborted."""

    def __init__(self, writer: Any, reference: ModuleType) -> None:
        self.stop, self.written = Event(), 0
        self._writer, self._reference = writer, reference
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self.stop.is_set():
            records = self._reference.events(1000 + self.written, PER_WRITE, START, SPAN)
            self._writer.write(records, spoil=self.written % (3 * PER_WRITE) == 0)
            self.written += PER_WRITE
            self.stop.wait(0.5)

    def end(self) -> None:
        self.stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


def test_every_record_is_there_once(
    platform: Platform,
    writer: Any,
    reference: ModuleType,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    place = Place(platform.settings)
    chance, killed, load, tries = random.Random(SEED), list[int](), Load(writer, reference), 0
    between = 0
    try:
        while len(killed) < KILLS:
            tries += 1
            assert tries <= 3 * KILLS + 3, "batches are over before they can be killed"
            # every third one between the two commits: only the table knows then that the batch is done
            batch = kill_in_a_batch(Driver(platform, 600), place, chance, between=len(killed) % 3 == 2)
            if batch is not None:
                killed.append(batch)
                between += place.in_table() == batch
    finally:
        load.end()
    driver = Driver(platform, 0, records=CATCH_UP)
    out, _ = driver.process.communicate(timeout=PATIENCE)
    assert driver.process.returncode == 0
    assert not place.planned()
    assert between, "no kill fell between the two commits"
    module = by_path(Path(__file__).with_name("test_lake.py"))
    filling = module.Filling(request.getfixturevalue("spark"), platform)  # a JVM more, once the others are gone
    rows = filling.rows()
    assert rows == module.topic(platform.settings, platform.catalog)
    assert len(rows) == load.written
    repeated = json.loads(out)["batches"]
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{len(killed)} JVMs killed, in batches {killed}, {between} of them after the table's commit; "
            f"{load.written:,} records, each in the lake once; the last run wrote {repeated} batches"
        )


class Place:
    """What the folders of the checkpoint and of the table say, whoever writes them."""

    def __init__(self, settings: Settings) -> None:
        self._checkpoint = settings.expanded_home / "checkpoints" / "lake" / "spark"
        self._log = Path(settings.lake_location) / "_delta_log"

    def planned(self) -> set[int]:
        """Batches that Spark has planned and not committed."""
        commits = self._numbers("commits")  # first: one that is finished meanwhile is not taken for unfinished
        return self._numbers("offsets") - commits

    def in_table(self) -> int:
        """The newest batch that the table has; -1 for none."""
        for file in sorted(self._log.glob("[0-9]*.json"), reverse=True):
            for line in file.read_text(encoding="utf-8").splitlines():
                if "txn" in (action := json.loads(line)):
                    return int(action["txn"]["version"])
        return -1

    def _numbers(self, kind: str) -> set[int]:
        return {int(one.name) for one in (self._checkpoint / kind).glob("[0-9]*")}


def kill_in_a_batch(driver: Driver, place: Place, chance: random.Random, *, between: bool) -> int | None:
    """Kill the driver's JVM some time after a batch was planned that it began itself; or `between` the two commits.

    Returns the batch, or None if it was over by then: that kill hit nothing.
    """
    before, deadline = place.planned(), time.monotonic() + PATIENCE
    try:
        wanted = chance.randrange(1, 5)  # let some batches pass
        seen: set[int] = set()
        while len(seen) < wanted or (between and place.in_table() not in place.planned()):
            assert driver.process.poll() is None, "the driver ended by itself"
            assert time.monotonic() < deadline, "no batch was planned"
            seen |= place.planned() - before
            time.sleep(0.02)
        if not between:
            time.sleep(chance.random() * 1.5)
        driver.kill_jvm()
    finally:
        driver.end()
    left = place.planned()
    return max(left) if left else None
