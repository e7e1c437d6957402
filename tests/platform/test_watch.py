"""Looking at a topic, on a real broker."""

from __future__ import annotations

import json
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

import pytest

from avrogate.errors import ConfigError
from avrogate.kafka import producer
from producers import Publisher
from schemas.watch import watch

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack


def test_records_are_shown_as_their_json_events(platform: Platform) -> None:
    topic = platform.catalog.topic_of("raw", "init")
    event = (
        '{"event-type": "in-app-purchase", "time": 1767268800, "purchase_value": 1234567890123456.70, '
        '"user-id": 42, "product-id": "ünï"}'
    )
    with Publisher(platform.settings, platform.catalog) as publisher:
        publisher.publish(event)
    client = producer(platform.settings)
    client.produce(topic, b"\x07?", b"42")
    client.flush()
    stop = Event()
    first, second = islice(watch(platform.settings, platform.catalog, topic, stop, beginning=True), 2)
    assert f'"key": "42", "event": {event}' in first
    assert json.loads(second)["undecodable"] == "wrong-magic-byte"
    assert json.loads(second)["bytes"] == "Bz8="


def test_it_begins_now_unless_asked_and_ends_when_asked(platform: Platform) -> None:
    stop = Event()
    stop.set()
    topic = platform.catalog.topic_of("raw", "init")
    assert list(watch(platform.settings, platform.catalog, topic, stop)) == []


def test_an_unknown_topic_is_answered_with_those_there_are(platform: Platform) -> None:
    with pytest.raises(ConfigError, match="no topic nothing") as error:
        next(watch(platform.settings, platform.catalog, "nothing", Event()))
    assert platform.catalog.topic_of("raw", "init") in str(error.value.hint)
