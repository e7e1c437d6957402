"""The profiles of processors that share the work, that are killed in a restore, and that are stopped in one."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from avrogate import kafka_reading
from avrogate.errors import Stopped
from avrogate.kafka_reading import read_to_end
from processors import restore, run
from processors.ownership import Ownership
from processors.profiles import Profiles
from processors.provenance import source
from processors.records import Profile
from processors.restore import Restorer
from processors.vitals import Restoring, Vitals
from producers.generator import Generator, Plan
from producers.run import produce
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

State = dict[int, dict[str, Profile]]

KILLED = """
import os, signal, sys
from processors import restore
from processors.restore import Restorer
from avrogate.settings import load_settings
from schemas.catalog import load_catalog
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

class Killed(restore.ProfileLog):
    def fold(self, partitions, messages):
        super().fold(partitions, messages[: len(messages) // 2])
        print(sum(map(len, partitions.values())), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

restore.ProfileLog = Killed
settings, catalog = load_settings(), load_catalog().suffixed(sys.argv[1])
topic = catalog.topic_of("pipeline", "user-profile")
Restorer(settings, topic, TopicDecoder(catalog, Registry(settings), topic)).restore(range(4))
"""


def fill(platform: Platform, events: int, seed: int) -> None:
    plan = Plan(events=events, seed=seed, start=int(time.time()) - 600, span=600, invalid_share=0.02)
    produce(platform.settings, Generator(plan), catalog=platform.catalog)


def recomputed(platform: Platform) -> State:
    """From the enriched inits alone."""
    topic = platform.catalog.stage_topic("enriched")
    decoder = TopicDecoder(platform.catalog, Registry(platform.settings), topic)
    state: State = {partition: {} for partition in range(4)}
    for message in read_to_end(platform.settings, topic):
        decoded, origin = decoder.read(message.value()), source(message)
        if decoded.version.event == "init":
            assert origin is not None
            record, users = decoded.record, state[origin.partition]
            found = Profile(record["time"], origin.offset, record["country"], record["platform"])
            users[record["user_id"]] = max(users.get(record["user_id"], found), found, key=lambda one: one[:2])
    return state


def restorer(platform: Platform, vitals: Vitals | None = None, stopping: Callable[[], bool] = bool) -> Restorer:
    topic = platform.catalog.topic_of("pipeline", "user-profile")
    decoder = TopicDecoder(platform.catalog, Registry(platform.settings), topic, later=False)
    return Restorer(platform.settings, topic, decoder, vitals, stopping)


def process(platform: Platform) -> None:
    run.process(platform.settings, Event(), until_idle=0.3, catalog=platform.catalog)


@contextmanager
def member(platform: Platform) -> Iterator[Event]:
    """One more processor of the group, in a thread."""
    stop = Event()
    settings = platform.settings.model_copy(update={"session_timeout": 6.0})
    thread = Thread(target=run.process, args=(settings, stop), kwargs={"catalog": platform.catalog}, daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def owners(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Ownership, Profiles]]:
    """What each processor that is made from now on owns, in order."""
    made: list[tuple[Ownership, Profiles]] = []

    class Seen(Ownership):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append((self, self._profiles))

    monkeypatch.setattr(run, "Ownership", Seen)
    return made


def caught_up(ownership: Ownership) -> bool:
    """Whether it owns partitions, and every one of them was read to its end."""
    return bool(ownership.positions) and ownership.done


def until(what: Callable[[], bool]) -> None:
    limit = time.monotonic() + 40
    while not what():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.faults
def test_profiles_move_with_their_partitions(platform: Platform, owners: list[tuple[Ownership, Profiles]]) -> None:
    fill(platform, 1000, seed=1)

    def shares() -> list[list[int]]:
        return [sorted(ownership.positions) for ownership, _ in owners]

    def state() -> State:
        return {part: dict(users) for _, profiles in owners for part, users in profiles.partitions.items()}

    def agree() -> bool:
        try:
            return state() == recomputed(platform)
        except RuntimeError:  # a batch is being merged
            return False

    with member(platform):
        until(lambda: shares() == [[0, 1, 2, 3]] and caught_up(owners[0][0]))
        until(agree)
        with member(platform):
            until(lambda: len(owners) == 2 and [len(share) for share in shares()] == [2, 2])
            assert not set(shares()[0]) & set(shares()[1])
            until(agree)
            moved = shares()[1]
            fill(platform, 1000, seed=2)  # written by the new owners
            until(lambda: all(caught_up(ownership) for ownership, _ in owners))
            until(agree)
        owners.pop()
        until(lambda: shares() == [[0, 1, 2, 3]])
        assert moved
        until(agree)


@pytest.mark.faults
def test_a_restore_that_was_killed_is_done_again_and_gives_the_same(platform: Platform) -> None:
    fill(platform, 1500, seed=3)
    process(platform)
    suffix = platform.catalog.topic_of("pipeline", "user-profile").removeprefix("user-profiles-")
    environ = os.environ | {
        "AVROGATE_HOME": str(platform.settings.home),
        "AVROGATE_BOOTSTRAP_SERVERS": platform.settings.brokers,
        "AVROGATE_REGISTRY_URL": platform.settings.registry,
    }
    command = [sys.executable, "-c", KILLED, suffix]
    child = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr
    expected = recomputed(platform)
    assert 0 < int(child.stdout) < sum(map(len, expected.values()))
    assert restorer(platform).restore(range(4)) == expected
    process(platform)
    assert restorer(platform).restore(range(4)) == expected


def test_a_restore_tells_how_far_it_is_and_stops_when_asked(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kafka_reading, "BATCH", 10)
    monkeypatch.setattr(restore, "TELL", -1.0)
    caplog.set_level(logging.INFO, "processors.restore")
    fill(platform, 1500, seed=4)
    process(platform)
    seen: list[Restoring] = []
    stop_at = [10**9]
    vitals = Vitals()

    def stopping() -> bool:
        if vitals.restoring is not None:
            seen.append(vitals.restoring)
        return len(seen) >= stop_at[0]

    caplog.clear()
    expected = restorer(platform, vitals, stopping).restore(range(4))
    assert expected == recomputed(platform)
    total = seen[0].total
    done = [one.done for one in seen]
    assert done == sorted(done)
    assert done[0] == 0 < done[len(done) // 2] < total
    assert {one.total for one in seen} == {total}
    assert vitals.restoring is None
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == f"restoring profiles: 0 of {total:,}"
    assert lines[-2] == f"restoring profiles: {total:,} of {total:,}"
    assert re.fullmatch(r"restored [\d,]+ profiles in [\d.]+ seconds \([\d,]+/s\)", lines[-1])

    seen.clear()
    stop_at[0] = 3
    caplog.clear()
    with pytest.raises(Stopped):
        restorer(platform, vitals, stopping).restore(range(4))
    assert vitals.restoring is None
    assert not any(record.getMessage().startswith("restored") for record in caplog.records)
