"""The quality processor on a real broker and registry."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer

from avrogate.errors import ConfigError, SchemaNotRegistered
from avrogate.kafka import producer
from avrogate.kafka_groups import set_offsets
from avrogate.kafka_reading import read_to_end
from processors.audit import audit
from processors.dead_letters import DeadLetters
from processors.provenance import source
from processors.run import GROUP, process
from producers.generator import Generator, Plan
from producers.run import produce
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

CHILD = """
import sys
from threading import Event
from avrogate.settings import load_settings
from processors.run import process
from schemas.catalog import load_catalog
print("up", flush=True)
process(load_settings(), Event(), catalog=load_catalog().suffixed(sys.argv[1]), until_idle=1.5)
"""


def fill(platform: Platform, events: int, seed: int = 1) -> None:
    plan = Plan(events=events, seed=seed, start=int(time.time()) - 600, span=600, invalid_share=0.02)
    produce(platform.settings, Generator(plan), catalog=platform.catalog)


def run(platform: Platform) -> Any:
    return process(platform.settings, Event(), until_idle=1.0, catalog=platform.catalog)


def enriched(platform: Platform) -> dict[tuple[int, int], dict[str, Any]]:
    topic = platform.catalog.stage_topic("enriched")
    decoder = TopicDecoder(platform.catalog, Registry(platform.settings), topic)
    records = {}
    for message in read_to_end(platform.settings, topic):
        origin = source(message)
        assert origin is not None
        assert (origin.partition, origin.offset) not in records, "an outcome twice"
        records[origin.partition, origin.offset] = decoder.read(message.value()).record
    return records


def test_every_event_gets_one_outcome_and_a_second_run_adds_none(platform: Platform) -> None:
    fill(platform, 3000)
    tally = run(platform)
    result = audit(platform.settings, platform.catalog, GROUP)
    assert result.adds_up
    assert (
        tally.events
        == sum(part.events for part in result.partitions)
        == len(enriched(platform)) + sum(result.refused_by_processor.values())
    )
    assert tally.refused == result.refused_by_processor
    assert all(part.pending == 0 for part in result.partitions)
    assert run(platform).events == 0


def test_profiles_are_restored_by_the_next_process(platform: Platform) -> None:
    fill(platform, 2000)
    run(platform)
    before = enriched(platform)
    fill(platform, 2000)
    run(platform)
    both = enriched(platform)
    newest: dict[str, tuple[int, int, str]] = {}
    for (partition, offset), record in sorted(both.items()):
        del partition
        user = record.get("user_id")
        if record["event_type"] == "init":
            newest[user] = max(newest.get(user, (0, 0, "")), (record["time"], offset, record["country"]))
        elif record["event_type"] == "in_app_purchase":
            known = newest.get(user)
            assert record["country"] == (known[2] if known else None)
    assert len(both) > len(before)


def test_foreign_bytes_become_dead_letters_with_every_byte(platform: Platform) -> None:
    values = [b"not avro", b"", None, b"\x00\x00\x00\xff\xff\x01", b"\x00\x00"]
    topic = platform.catalog.stage_topic("raw")
    client: Producer = producer(platform.settings)
    for number, value in enumerate(values):
        client.produce(topic, value, b"k%d" % number, headers=[("trace", b"\xff"), ("none", None)])
    client.flush()
    assert run(platform).refused.total() == len(values)
    letters = DeadLetters(platform.settings, platform.catalog, Registry(platform.settings)).read()
    found = {letter.record["key"]: letter.record for letter in letters}
    assert {key: record["original"] for key, record in found.items()} == {
        b"k%d" % number: value for number, value in enumerate(values)
    }
    assert Counter(record["reason"] for record in found.values()) == Counter(
        ["wrong-magic-byte", "empty-value", "tombstone", "unknown-schema", "truncated"]
    )
    one = found[b"k0"]
    assert one["headers"] == [{"name": "trace", "value": b"\xff"}, {"name": "none", "value": None}]
    assert (one["topic"], one["stage"], one["attempts"]) == (topic, "processor", 1)
    assert audit(platform.settings, platform.catalog, GROUP).adds_up


def test_a_killed_processor_loses_nothing_and_repeats_nothing(platform: Platform) -> None:
    fill(platform, 30_000)
    suffix = platform.catalog.topic_of("pipeline", "user-profile").removeprefix("user-profiles-")
    environment = os.environ | {
        "AVROGATE_HOME": str(platform.settings.home),
        "AVROGATE_BOOTSTRAP_SERVERS": platform.settings.brokers,
        "AVROGATE_REGISTRY_URL": platform.settings.registry,
    }
    command = [sys.executable, "-c", CHILD, suffix]
    killed = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    assert killed.stdout is not None
    killed.stdout.readline()
    deadline = time.monotonic() + 30
    while not any(read_to_end(platform.settings, platform.catalog.stage_topic("enriched"))):
        assert time.monotonic() < deadline
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    subprocess.run(command, env=environment, check=True, timeout=120)
    result = audit(platform.settings, platform.catalog, GROUP)
    assert result.adds_up
    assert sum(part.pending for part in result.partitions) == 0
    assert len(enriched(platform)) == sum(part.enriched for part in result.partitions)


def test_what_is_missing_is_said_in_one_line(platform: Platform) -> None:
    unregistered = platform.catalog.suffixed("other")
    with pytest.raises(SchemaNotRegistered, match="register"):
        process(platform.settings, Event(), until_idle=0.1, catalog=unregistered)


def test_lost_offsets_are_for_a_person_to_decide(platform: Platform) -> None:
    from confluent_kafka.admin import AdminClient

    fill(platform, 200)
    run(platform)
    client = AdminClient({"bootstrap.servers": platform.settings.brokers})
    client.delete_consumer_groups([GROUP])[GROUP].result()
    with pytest.raises(ConfigError, match="no offset"):
        run(platform)


def test_the_audit_finds_what_is_lost_and_what_is_there_twice(platform: Platform) -> None:
    fill(platform, 300)
    run(platform)
    topic, raw = platform.catalog.stage_topic("enriched"), platform.catalog.stage_topic("raw")
    one = next(iter(read_to_end(platform.settings, topic)))
    client: Producer = producer(platform.settings)
    client.produce(topic, one.value(), one.key(), headers=one.headers())
    client.flush()
    origin = source(one)
    assert origin is not None
    result = audit(platform.settings, platform.catalog, GROUP)
    assert not result.adds_up
    assert {part.partition: part.twice for part in result.partitions if part.twice} == {
        origin.partition: [origin.offset]
    }

    client.produce(raw, b"never processed", b"ann", partition=0)
    client.flush()
    assert sum(part.pending for part in audit(platform.settings, platform.catalog, GROUP).partitions) == 1
    (end,) = [message.offset() for message in read_to_end(platform.settings, raw, [0])][-1:]
    assert set_offsets(platform.settings, GROUP, raw, {0: (end or 0) + 1})
    result = audit(platform.settings, platform.catalog, GROUP)
    assert result.partitions[0].lost == [end]
