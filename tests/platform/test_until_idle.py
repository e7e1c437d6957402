"""`--until-idle` ends a run that has nothing left to do, never one that has not been given its share yet."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING

import pytest

from avrogate.kafka import client_config
from processors.audit import audit
from processors.run import GROUP, process
from producers.generator import Generator, Plan
from producers.run import produce

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

# a member that says what it was given; told to end it leaves the group, killed it is missed after its session
MEMBER = """
import json, signal, sys
from confluent_kafka import Consumer
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
topic, config = sys.argv[1], json.loads(sys.argv[2])
consumer = Consumer(config)
consumer.subscribe([topic], on_assign=lambda consumer, parts: print(len(parts), flush=True))
try:
    while True:
        consumer.poll(0.1)
finally:
    consumer.close()
"""


@pytest.fixture
def killed_member(platform: Platform) -> Iterator[None]:
    """One that owned the partitions was killed a moment ago: the group waits for it until its session is over."""
    config = client_config(
        platform.settings, group_id=GROUP, session_timeout_ms=8000, partition_assignment_strategy="cooperative-sticky"
    )
    command = [sys.executable, "-c", MEMBER, platform.catalog.stage_topic("raw"), json.dumps(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as member:
        assert member.stdout
        assert member.stdout.readline().strip() == "4"
        member.kill()
    yield


@pytest.mark.usefixtures("killed_member")
def test_it_waits_for_its_share(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.quality.NO_SHARE", 1.0)
    produce(
        platform.settings,
        Generator(Plan(events=200, seed=1, start=int(time.time()) - 60, span=60)),
        catalog=platform.catalog,
    )
    tally = process(platform.settings, Event(), until_idle=0.5, catalog=platform.catalog)
    assert tally.events == 200
    assert sum(part.pending for part in audit(platform.settings, platform.catalog, GROUP).partitions) == 0


def test_one_without_a_share_ends_too(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.quality.NO_SHARE", 3.0)
    config = client_config(platform.settings, group_id=GROUP, partition_assignment_strategy="cooperative-sticky")
    raw = platform.catalog.stage_topic("raw")
    members = [
        subprocess.Popen([sys.executable, "-c", MEMBER, raw, json.dumps(config)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    try:
        for member in members:
            assert member.stdout
            assert member.stdout.readline()
        time.sleep(5)  # until each has one of the four
        tally = process(platform.settings, Event(), until_idle=0.5, catalog=platform.catalog)
        assert tally.events == 0
    finally:
        for member in members:
            member.terminate()
            member.communicate(timeout=30)
