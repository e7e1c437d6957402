"""A processor whose broker or registry is away when it starts."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from avrogate.errors import BrokerUnavailable, RegistryUnavailable
from avrogate.kafka import admin, producer
from conftest import processing, wait_until
from processors.run import process

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

NOWHERE = {
    "broker": {"bootstrap_servers": "127.0.0.1:9"},
    "registry": {"registry_url": "http://127.0.0.1:9"},
}


@pytest.mark.parametrize("part", NOWHERE)
def test_it_waits_and_is_red_until_somebody_asks_to_stop(platform: Platform, part: str) -> None:
    away = platform.settings.model_copy(update=NOWHERE[part])
    with processing(platform, away) as vitals:
        wait_until(lambda: not vitals.health.healthy)
        assert list(vitals.health.troubles) == [part]
        assert "127.0.0.1:9" in vitals.health.troubles[part].message
        assert not vitals.health.ready


@pytest.mark.parametrize(("part", "error"), [("broker", BrokerUnavailable), ("registry", RegistryUnavailable)])
def test_a_run_that_somebody_waits_for_says_so_instead(platform: Platform, part: str, error: type[Exception]) -> None:
    away = platform.settings.model_copy(update=NOWHERE[part])
    with pytest.raises(error, match=r"127\.0\.0\.1:9"):
        process(away, Event(), until_idle=1.0, catalog=platform.catalog)


def test_it_is_ready_once_it_has_its_share(platform: Platform) -> None:
    with processing(platform) as vitals:
        wait_until(lambda: vitals.health.ready)
        assert vitals.health.healthy
        wait_until(lambda: set(vitals.lag) == {0, 1, 2, 3})


def test_a_batch_that_the_broker_refuses_again_and_again_is_seen(platform: Platform) -> None:
    letters = platform.catalog.topic_of("pipeline", "dead-letter")
    resource = ConfigResource(ResourceType.TOPIC, letters)
    client = admin(platform.settings)

    def policy(name: str) -> None:
        entry = ConfigEntry("cleanup.policy", name, incremental_operation=AlterConfigOpType.SET)
        asked = ConfigResource(ResourceType.TOPIC, letters, incremental_configs=[entry])
        client.incremental_alter_configs([asked])[resource].result()

    policy("compact")  # which takes no record without a key
    sender = producer(platform.settings)
    sender.produce(platform.catalog.stage_topic("raw"), b"garbage")
    sender.flush()
    with processing(platform, end=60.0) as vitals:
        wait_until(lambda: "times in a row" in str(vitals.health.troubles), 40.0)
        assert vitals.tally.transactions == 0
        aborted = vitals.tally.aborted
        time.sleep(3)
        assert vitals.tally.aborted <= aborted + 4, "it waits longer each time"
        policy("delete")
        wait_until(lambda: vitals.tally.transactions == 1 and vitals.health.healthy, 60.0)
