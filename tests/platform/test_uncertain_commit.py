"""A producer that is lost while it commits: the broker has the commit, and its caller is told that it failed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaError

from avrogate.errors import AvrogateError
from avrogate.kafka_reading import read_to_end
from avrogate.kafka_transactions import BatchAborted, TransactionalProducer
from processors.audit import audit
from processors.replay.correction import Correction
from processors.replay.plan import Repair
from processors.replay.run import Order, replay
from processors.run import GROUP, process
from producers.generator import Generator, Plan
from producers.publisher import Publisher
from producers.replay import open_lines
from producers.run import produce

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack


Lost = Callable[[int], Callable[[], int]]


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Lost:
    """From its call on the commit of that number succeeds, and raises; it tells how many commits there were."""
    commit, told = TransactionalProducer.commit, 0

    def lose(number: int) -> Callable[[], int]:
        def lost_afterwards(producer: TransactionalProducer) -> None:
            nonlocal told
            commit(producer)
            told += 1
            if told == number:
                raise BatchAborted("lost", KafkaError._FATAL, uncertain=True)

        monkeypatch.setattr(TransactionalProducer, "commit", lost_afterwards)
        return lambda: told

    return lose


def written(folder: Path) -> Path:
    """A file of 300 lines."""
    file = folder / "events.jsonl"
    line = json.dumps(
        {"event-type": "init", "time": 1_790_000_000, "user-id": "ann", "country": "PT", "platform": "IOS"}
    )
    file.write_text(f"{line}\n" * 300)
    return file


def test_the_processor_looks_up_what_was_committed(platform: Platform, lost: Lost) -> None:
    plan = Plan(events=500, seed=1, start=int(time.time()) - 600, span=600)
    produce(platform.settings, Generator(plan), catalog=platform.catalog)
    commits = lost(1)
    process(platform.settings, Event(), until_idle=0.5, catalog=platform.catalog)
    produce(platform.settings, Generator(plan), catalog=platform.catalog)
    process(platform.settings, Event(), until_idle=0.5, catalog=platform.catalog)
    result = audit(platform.settings, platform.catalog, GROUP)
    assert commits() > 1
    assert result.adds_up
    assert sum(part.enriched + part.dead_letters for part in result.partitions) == 1000


def test_a_file_is_as_far_as_the_broker_says(platform: Platform, lost: Lost, tmp_path: Path) -> None:
    file = written(tmp_path)
    commits = lost(2)  # the first tells of the file
    with open_lines(str(file)) as lines:
        summary = produce(platform.settings, lines, catalog=platform.catalog)
    assert commits() == 2
    assert summary.all_sent == 300
    raw = platform.catalog.stage_topic("raw")
    assert sum(1 for _ in read_to_end(platform.settings, raw)) == 300


def test_a_replay_counts_what_the_broker_took(platform: Platform, lost: Lost) -> None:
    """Sent ones as sent, and refused ones as tried once."""
    with Publisher(platform.settings, platform.catalog) as publisher:
        for number in range(20):
            purchase = {"event-type": "in-app-purchase", "time": int(time.time()), "product-id": "gems"}
            unknown = {"price": 1} if number % 2 else {"price": 1, "colour": "red"}
            publisher.publish(purchase | {"user-id": f"user-{number}"} | unknown)
    rename = Correction.model_validate({"steps": [{"rename": {"price": "purchase_value"}}]})
    commits = lost(1)
    order = Order(repair=Repair(correction=rename), limit=20)
    summary = replay(platform.settings, platform.catalog, order, Event())
    assert commits() == 1
    assert summary.letters == {("sent", "unknown-field"): 10, ("refused", "unknown-field"): 10}
    assert audit(platform.settings, platform.catalog, GROUP).replays.states == {"open": 10, "sent": 10, "parked": 0}


@pytest.mark.parametrize("uncertain", [False, True])
def test_a_file_that_another_process_went_on_with_is_left_to_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uncertain: bool
) -> None:
    """It came between an abort and the next client, which takes the transactional id back from it."""
    file, commit, told = written(tmp_path), TransactionalProducer.commit, 0

    def send() -> None:
        with open_lines(str(file)) as lines:
            produce(platform.settings, lines, catalog=platform.catalog)

    def aborted(producer: TransactionalProducer) -> None:
        nonlocal told
        told += 1
        if told != 2:  # the first tells of the file
            commit(producer)
            return
        producer.abort()
        send()
        producer._renew()
        raise BatchAborted("aborted", KafkaError._TIMED_OUT, uncertain=uncertain)

    monkeypatch.setattr(TransactionalProducer, "commit", aborted)
    with pytest.raises(AvrogateError, match="another process has taken"):
        send()
    raw = platform.catalog.stage_topic("raw")
    assert sum(1 for _ in read_to_end(platform.settings, raw)) == 300
