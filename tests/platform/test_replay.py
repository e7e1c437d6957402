"""Dead letters sent again, on a real broker: each once, whatever happens to who sends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from avrogate.errors import AvrogateError, ConfigError
from avrogate.kafka import producer
from avrogate.kafka_limits import limits
from avrogate.kafka_reading import read_to_end
from avrogate.kafka_transactions import TransactionalProducer
from processors.audit import Audit, audit
from processors.dead_letters import DeadLetters, dead_letter
from processors.outlets import Outlets
from processors.provenance import DEAD_LETTER
from processors.records import RawRecord, Refused
from processors.replay.corrected import load_corrected
from processors.replay.correction import Correction
from processors.replay.filters import Filters
from processors.replay.plan import Repair
from processors.replay.reading import letters
from processors.replay.run import TRANSACTIONAL_ID, Order, Summary, replay
from processors.run import GROUP, process
from producers.publisher import Publisher
from schemas.registry import Registry

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

FIX = Correction.model_validate({"steps": [{"rename": {"price": "purchase_value"}}]})
CHILD = """
import os, signal, sys
from threading import Event
from avrogate.kafka_transactions import TransactionalProducer
from avrogate.settings import load_settings
from processors.replay import run
from processors.replay.correction import Correction
from processors.replay.plan import Repair
from schemas.catalog import load_catalog
suffix, point = sys.argv[1:]
run.BATCH = 10
real, calls = TransactionalProducer.commit, []
def commit(self):
    calls.append(1)
    if len(calls) == 2 and point == "inside":
        self.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    real(self)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
TransactionalProducer.commit = commit
fix = Correction.model_validate({"steps": [{"rename": {"price": "purchase_value"}}]})
run.replay(load_settings(), load_catalog().suffixed(suffix), run.Order(repair=Repair(correction=fix)), Event())
"""


def purchase(user: str, **fields: Any) -> dict[str, Any]:
    content = {"event-type": "in-app-purchase", "time": int(time.time()), "user-id": user, "product-id": "gems"}
    return content | fields


def refuse(platform: Platform, number: int) -> None:
    """So many dead letters of the producer, which FIX repairs."""
    with Publisher(platform.settings, platform.catalog) as publisher:
        for index in range(number):
            publisher.publish(purchase(f"user{index}", price=index))


def send_again(platform: Platform, **order: Any) -> Summary:
    return replay(platform.settings, platform.catalog, Order(**order), Event())


def run(platform: Platform) -> Any:
    return process(platform.settings, Event(), until_idle=1.0, catalog=platform.catalog)


def audited(platform: Platform) -> Audit:
    return audit(platform.settings, platform.catalog, GROUP)


def came_back(platform: Platform) -> Counter[bytes]:
    """How often each dead letter is on the raw topic again."""
    raw = read_to_end(platform.settings, platform.catalog.stage_topic("raw"))
    return Counter(dict(message.headers() or ()).get(DEAD_LETTER) for message in raw)  # type: ignore[arg-type]


@pytest.mark.faults
@pytest.mark.parametrize(("point", "committed"), [("inside", 10), ("after", 20)])
def test_a_killed_replay_goes_on_where_it_was(platform: Platform, point: str, committed: int) -> None:
    refuse(platform, 40)
    assert audited(platform).replays.states == {"open": 40, "sent": 0, "parked": 0}
    suffix = platform.catalog.topic_of("pipeline", "user-profile").removeprefix("user-profiles-")
    environment = os.environ | {
        "AVROGATE_HOME": str(platform.settings.home),
        "AVROGATE_BOOTSTRAP_SERVERS": platform.settings.brokers,
        "AVROGATE_REGISTRY_URL": platform.settings.registry,
    }
    died = subprocess.run([sys.executable, "-c", CHILD, suffix, point], env=environment, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    during: list[Audit] = []
    # inside a transaction it waits for its end, which the next replay brings about
    auditor = threading.Thread(target=lambda: during.append(audited(platform)))
    auditor.start()
    if point == "after":
        auditor.join(30)
        assert during[0].replays.states == {"open": 20, "sent": 20, "parked": 0}
    summary = send_again(platform, repair=Repair(correction=FIX))
    auditor.join(30)
    assert during[0].adds_up
    assert (summary.of("skipped"), summary.of("sent")) == (committed, 40 - committed)
    assert run(platform).enriched.total() == 40
    after = audited(platform)
    assert after.adds_up
    assert after.replays.states == {"open": 0, "sent": 40, "parked": 0}
    assert len(came_back(platform)) == 40 == after.replays.events
    assert send_again(platform, repair=Repair(correction=FIX)).of("skipped") == 40


def test_attempts_rise_until_the_letter_is_parked(platform: Platform) -> None:
    raw = platform.catalog.stage_topic("raw")
    client = producer(platform.settings)
    client.produce(raw, b"not avro", b"ann", headers=[("trace", b"1")])
    client.flush()
    for attempts in (1, 2, 3):
        run(platform)
        found = [letter for letter, state in letters(platform.settings, platform.catalog) if state == "open"]
        assert [(one.record["attempts"], one.record["original"]) for one in found] == [(attempts, b"not avro")]
        assert audited(platform).adds_up
        assert send_again(platform, max_attempts=3).of("sent") == (attempts < 3)
    assert audited(platform).replays.states == {"open": 0, "sent": 2, "parked": 1}
    assert send_again(platform).letters == {("skipped", "sent already"): 2, ("skipped", "parked already"): 1}
    assert send_again(platform, parked=True).of("sent") == 1
    result = audited(platform)
    assert result.adds_up
    assert result.replays.states == {"open": 0, "sent": 3, "parked": 0}
    assert max(came_back(platform).values()) == 1


def test_still_refused_nothing_is_sent_and_the_letter_stays_open(platform: Platform) -> None:
    refuse(platform, 1)
    for _ in range(2):
        assert send_again(platform).letters == {("refused", "unknown-field"): 1}
    assert send_again(platform, max_attempts=3).letters == {("parked", "unknown-field"): 1}
    assert not came_back(platform)


def test_a_dry_run_writes_nothing(platform: Platform) -> None:
    refuse(platform, 3)
    summary = send_again(platform, repair=Repair(correction=FIX), dry_run=True, limit=2)
    assert summary.of("sent") == 2
    assert audited(platform).replays.states == {"open": 3, "sent": 0, "parked": 0}
    assert send_again(platform, repair=Repair(correction=FIX), limit=2).of("sent") == 2
    assert sum(came_back(platform).values()) == 2


def test_a_second_replay_takes_over(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(platform, 25)
    monkeypatch.setattr("processors.replay.run.BATCH", 10)
    topic = platform.catalog.topic_of("pipeline", "dead-letter")
    taken = limits(platform.settings, [topic])
    seconds: list[TransactionalProducer] = []

    def take_over(_decision: Any) -> None:
        if not seconds:
            seconds.append(TransactionalProducer(platform.settings, f"{TRANSACTIONAL_ID}-{topic}", limits=taken))

    with pytest.raises(AvrogateError, match="another replay has taken over"):
        replay(platform.settings, platform.catalog, Order(repair=Repair(correction=FIX)), Event(), take_over)
    assert sum(came_back(platform).values()) == 10
    assert audited(platform).replays.states == {"open": 15, "sent": 10, "parked": 0}


def test_asked_to_stop_it_finishes_the_batch(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(platform, 25)
    monkeypatch.setattr("processors.replay.run.BATCH", 10)
    stop = Event()
    order = Order(repair=Repair(correction=FIX))
    summary = replay(platform.settings, platform.catalog, order, stop, lambda _: stop.set())
    assert (summary.stopped, summary.of("sent")) == (True, 10)
    assert send_again(platform, repair=Repair(correction=FIX)).of("sent") == 15
    assert max(came_back(platform).values()) == 1


def test_a_cut_original_and_a_corrected_file(platform: Platform, tmp_path: Path) -> None:
    registry = Registry(platform.settings)
    outlets = Outlets(platform.catalog, registry)
    raw = RawRecord(outlets.raw, 0, 0, 0, b"ann", b"the first bytes")
    letter = dead_letter(raw, Refused("too-large", "too large"), 1_700_000_000_000) | {"original_size": 5_000_000}
    client = producer(platform.settings)
    client.produce(outlets.dead_letters, outlets.dead_letter(letter, 4_000_000, ())[1], b"ann")
    client.flush()
    assert send_again(platform).of("cannot be sent") == 1
    (there,) = DeadLetters(platform.settings, platform.catalog, registry).read()
    file = tmp_path / "corrected.jsonl"
    line = '{"partition": %d, "offset": %d, "event": {"event-type": "in-app-purchase", "time": %d, '
    line += '"user-id": "ann", "product-id": "gems", "purchase_value": 3.99}}\n'
    file.write_text(line % (there.partition, there.offset + 7, time.time()))
    with pytest.raises(ConfigError, match=r"corrected.jsonl:1: there is no dead letter"):
        send_again(platform, repair=Repair(corrected=load_corrected(file)))
    file.write_text(line % (there.partition, there.offset, time.time()))
    repair = Repair(corrected=load_corrected(file), digest=load_corrected(file).digest)
    assert send_again(platform, repair=repair, filters=Filters(stage="producer")).letters == {}
    assert send_again(platform, repair=repair).of("sent") == 1
    assert run(platform).enriched.total() == 1


def test_the_audit_finds_replays_without_a_record_and_twice_and_bears_foreign_ones(platform: Platform) -> None:
    refuse(platform, 2)
    send_again(platform, repair=Repair(correction=FIX), limit=1)
    raw = platform.catalog.stage_topic("raw")
    client = producer(platform.settings)
    for headers in ([("dead-letter", None)], [("dead-letter", b"\xff"), ("refused-at", b"1")], []):
        client.produce(raw, b"foreign", headers=headers)
    client.flush()
    assert audited(platform).adds_up
    one = next(message for message in read_to_end(platform.settings, raw) if message.value() != b"foreign")
    client.produce(raw, one.value(), one.key(), headers=one.headers())
    still = next(letter for letter, state in letters(platform.settings, platform.catalog) if state == "open")
    forged = [("dead-letter", still.name.encode()), ("refused-at", b"%d" % still.record["time"])]
    client.produce(raw, one.value(), one.key(), headers=forged)
    client.flush()
    found = audited(platform).replays
    assert (len(found.twice), found.unrecorded, found.lost) == (1, [still.name], [])
    assert not replace(found, twice=[]).adds_up
