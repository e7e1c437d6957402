"""Records that are larger than their topics take, and a storm of refusals, on a real broker."""

from __future__ import annotations

from random import Random
from string import ascii_letters
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from avrogate.errors import AvrogateError
from avrogate.kafka import producer
from avrogate.kafka_limits import limits
from processors.audit import audit
from processors.dead_letters import DeadLetters
from processors.run import GROUP, process
from processors.storm import RefusalStorm
from processors.tally import Tally
from producers import Publisher
from schemas.registry import Registry

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

# brokers count compressed bytes, and this does not get smaller
LONG = "".join(Random(1).choices(ascii_letters, k=190))


def limit(platform: Platform, topic: str, size: int) -> None:
    client = AdminClient({"bootstrap.servers": platform.settings.brokers})
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    client.incremental_alter_configs([resource])[resource].result()


def publish(platform: Platform, *devices: str) -> None:
    with Publisher(platform.settings, platform.catalog) as publisher:
        for number, device in enumerate(devices):
            info = {"coin-balance-after-match": 1, "level-after-match": 1, "device": device, "platform": "ios"}
            publisher.publish(
                {
                    "event-type": "match",
                    "time": 1_767_268_800,
                    "user-a": f"ann-{number}",
                    "user-b": "bob",
                    "user-a-postmatch-info": info,
                    "winner": "bob",
                    "game-tier": 3,
                    "duration": 60,
                }
            )


def run(platform: Platform) -> Tally:
    return process(platform.settings, Event(), until_idle=0.5, catalog=platform.catalog)


def letters(platform: Platform) -> list[dict[str, Any]]:
    reader = DeadLetters(platform.settings, platform.catalog, Registry(platform.settings))
    return [letter.record for letter in reader.read()]


def test_an_enriched_event_that_is_too_large_is_a_dead_letter(platform: Platform) -> None:
    limit(platform, platform.catalog.stage_topic("enriched"), 450)
    publish(platform, "phone", LONG, "phone")
    tally = run(platform)
    assert (tally.enriched["match"], dict(tally.refused)) == (2, {"too-large": 1})
    (letter,) = letters(platform)
    assert letter["key"] == b"ann-1"
    assert LONG.encode() in letter["original"]
    assert letter["message"].endswith("bytes as an enriched event, its topic takes 450")
    assert audit(platform.settings, platform.catalog, GROUP).adds_up


def test_a_dead_letter_that_is_too_large_refers_to_the_original(platform: Platform) -> None:
    topic = platform.catalog.topic_of("pipeline", "dead-letter")
    limit(platform, topic, 20_000)
    client = producer(platform.settings)
    client.produce(platform.catalog.stage_topic("raw"), b"\x07" + b"x" * 100_000, b"ann", partition=2)
    client.flush()
    run(platform)
    (letter,) = letters(platform)
    assert (letter["reason"], letter["partition"], letter["offset"]) == ("wrong-magic-byte", 2, 0)
    assert letter["original_size"] == 100_001
    assert 18_000 < len(letter["original"]) < 20_000
    assert audit(platform.settings, platform.catalog, GROUP).adds_up


def test_a_limit_that_is_lowered_in_mid_run_is_noticed(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def as_before_at_first(*arguments: Any) -> dict[str, int]:
        nonlocal asked
        asked += 1
        found = limits(*arguments)
        return dict.fromkeys(found, 1_048_588) if asked == 1 else found

    monkeypatch.setattr("processors.run.limits", as_before_at_first)
    limit(platform, platform.catalog.stage_topic("enriched"), 360)
    publish(platform, LONG, "phone")
    tally = run(platform)
    assert (tally.enriched["match"], dict(tally.refused), tally.aborted, asked) == (1, {"too-large": 1}, 1, 2)
    assert audit(platform.settings, platform.catalog, GROUP).adds_up


def test_a_batch_larger_than_its_topic_takes_goes_in_pieces(platform: Platform) -> None:
    limit(platform, platform.catalog.stage_topic("enriched"), 2_000)
    publish(platform, *["phone"] * 300)
    assert run(platform).enriched["match"] == 300


def test_a_topic_that_takes_less_than_it_says_stops_the_processor(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.run.limits", lambda settings, topics: dict.fromkeys(topics, 1_048_588))
    limit(platform, platform.catalog.stage_topic("enriched"), 300)
    publish(platform, LONG)
    with pytest.raises(AvrogateError, match="larger than its topic takes"):
        run(platform)
    result = audit(platform.settings, platform.catalog, GROUP)
    assert result.adds_up
    assert sum(part.pending for part in result.partitions) == 1


def test_a_storm_of_refusals_stops_before_it_is_committed(platform: Platform) -> None:
    client = producer(platform.settings)
    for number in range(12_000):
        client.produce(platform.catalog.stage_topic("raw"), b"no event", b"%d" % number)
    client.flush()
    with pytest.raises(RefusalStorm, match="wrong-magic-byte"):
        run(platform)
    assert len(letters(platform)) < 10_000
    assert audit(platform.settings, platform.catalog, GROUP).adds_up
    calm = platform.settings.model_copy(update={"storm_guard": False})
    process(calm, Event(), until_idle=0.5, catalog=platform.catalog)
    assert len(letters(platform)) == 12_000
