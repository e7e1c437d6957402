"""A record with a header whose name is no text, as clients in other languages can send."""

from __future__ import annotations

import ctypes
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import confluent_kafka
import pytest

from processors.audit import audit
from processors.dead_letters import DeadLetters
from processors.run import GROUP, process
from schemas.registry import Registry

if TYPE_CHECKING:
    from avrogate.settings import Settings
    from conftest import Platform

pytestmark = pytest.mark.stack

# tags of the arguments of `rd_kafka_producev` (librdkafka's rdkafka.h, rd_kafka_vtype_t)
TOPIC, PARTITION, VALUE, HEADER, END = 1, 3, 4, 9, 0
PRODUCER = 0


def send(settings: Settings, topic: str, records: list[tuple[bytes, bytes]]) -> None:
    """Values with one header each, by librdkafka itself: its Python client takes only text for a header's name."""
    (file,) = (Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs").glob("librdkafka-*")
    kafka = ctypes.CDLL(str(file))
    kafka.rd_kafka_conf_new.restype = kafka.rd_kafka_new.restype = ctypes.c_void_p
    error = ctypes.create_string_buffer(512)
    config = ctypes.c_void_p(kafka.rd_kafka_conf_new())
    assert kafka.rd_kafka_conf_set(config, b"bootstrap.servers", settings.brokers.encode(), error, 512) == 0
    client = ctypes.c_void_p(kafka.rd_kafka_new(PRODUCER, config, error, 512))
    for header, value in records:
        sized = VALUE, ctypes.c_char_p(value), ctypes.c_size_t(len(value))
        named = HEADER, ctypes.c_char_p(header), ctypes.c_char_p(b"1"), ctypes.c_ssize_t(1)
        assert kafka.rd_kafka_producev(client, TOPIC, topic.encode(), PARTITION, 0, *sized, *named, END) == 0
    assert kafka.rd_kafka_flush(client, 20_000) == 0
    kafka.rd_kafka_destroy(client)


def test_it_is_a_dead_letter_that_says_so(platform: Platform) -> None:
    settings, catalog = platform.settings.model_copy(update={"storm_guard": False}), platform.catalog
    fine, foreign = (b"trace", b"fine"), (b"tr\xffce", b"foreign")
    # many before it: Python calls a method another way once it has called it often
    send(settings, catalog.stage_topic("raw"), [*[fine] * 500, foreign, *[fine] * 10, foreign])
    assert audit(settings, catalog, GROUP).partitions[0].pending == 512
    assert process(settings, Event(), until_idle=0.5, catalog=catalog).events == 512
    letters = [letter.record for letter in DeadLetters(settings, catalog, Registry(settings)).read()]
    found = [letter for letter in letters if letter["original"] == b"foreign"]
    assert (len(letters), len(found)) == (512, 2)
    assert all(letter["headers"] == [] and "headers are left out" in letter["message"] for letter in found)
    assert letters[0]["headers"] == [{"name": "trace", "value": b"1"}]
    result = audit(settings, catalog, GROUP)
    assert result.adds_up
    assert result.partitions[0].dead_letters == 512
