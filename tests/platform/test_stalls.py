"""A client that stops asking for its partitions, while it stays a member of its group."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from avrogate.kafka import consumer
from conftest import processing, wait_until
from processors import intake, stalls
from processors.audit import audit
from processors.run import GROUP
from producers.generator import Generator, Plan
from producers.replay import open_lines
from producers.run import produce

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Message, TopicPartition

    from conftest import Platform

pytestmark = pytest.mark.stack

SAID = "nothing comes of events-raw"


class Client:
    """A real one, that can be made to give nothing until its partitions are assigned anew."""

    def __init__(self, real: Consumer) -> None:
        self._real = real
        self.stands = False

    def consume(self, *arguments: Any) -> list[Message]:
        messages = self._real.consume(*arguments)
        return [] if self.stands else messages

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        self._real.incremental_assign(partitions)
        self.stands = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """Those of the processors; they are looked at after a second."""
    made: list[Client] = []

    def make(*arguments: Any, **options: Any) -> Client:
        made.append(Client(consumer(*arguments, **options)))
        return made[-1]

    monkeypatch.setattr(intake, "consumer", make)
    monkeypatch.setattr(stalls, "SILENCE", 1.0)
    monkeypatch.setattr(stalls, "GRACE", 0.5)
    return made


def test_partitions_that_stand_still_are_read_anew(
    platform: Platform, clients: list[Client], caplog: pytest.LogCaptureFixture
) -> None:
    plan = Plan(events=500, seed=1, start=int(time.time()) - 600, span=600)
    produce(platform.settings, Generator(plan), catalog=platform.catalog)
    with processing(platform, end=20.0) as vitals:
        wait_until(lambda: vitals.tally.events == 500, 30.0)
        (client,) = clients
        client.stands = True
        produce(platform.settings, Generator(plan), catalog=platform.catalog)
        wait_until(lambda: vitals.tally.events == 1000, 30.0)
    assert SAID in caplog.text
    assert audit(platform.settings, platform.catalog, GROUP).adds_up


def test_a_topic_that_is_read_to_its_end_is_left_alone(
    platform: Platform, clients: list[Client], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """It ends with the markers of a transaction, that nobody reads."""
    file = tmp_path / "events.jsonl"
    line = '{"event-type": "init", "time": %d, "user-id": "ann-%d", "country": "PT", "platform": "IOS"}\n'
    file.write_text("".join(line % (time.time() - 60, number) for number in range(300)))
    with open_lines(str(file)) as lines:
        produce(platform.settings, lines, catalog=platform.catalog)
    with processing(platform, end=20.0) as vitals, caplog.at_level(logging.INFO):
        wait_until(lambda: vitals.tally.events == 300, 30.0)
        time.sleep(6)
    assert SAID not in caplog.text
    assert caplog.text.count("owns partitions") == 1
