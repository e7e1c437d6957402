"""Following the minute KPIs on a real broker: history, what comes, an outage, a topic that is made later."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analytics.kpi_reader import KpiReader, read_results
from analytics.kpi_topic import KpiPublisher
from analytics.results import KpiRow
from avrogate.kafka import producer
from avrogate.local.stack import Stack
from avrogate.settings import Settings
from schemas.catalog import load_catalog
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def row(count: int, minute: int = 0) -> KpiRow:
    return KpiRow("purchases", NOON + timedelta(minutes=minute), (), count, final=False)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to this"
        time.sleep(0.05)


def test_history_then_what_comes_as_read_at_once(platform: Platform) -> None:
    publisher = KpiPublisher(platform.settings, platform.catalog)
    publisher.publish([row(1), row(2, 1)], 7, 0)
    publisher.progress(7, 0, 0, 3)
    reader = KpiReader(platform.settings, platform.catalog)
    with reader.following() as follower:
        until(lambda: follower.health.ready)
        assert follower.done == 1.0
        assert reader.result() == read_results(platform.settings, platform.catalog)
        assert [one.count for one in reader.result().rows] == [1, 2]
        before = reader.version
        publisher.publish([row(5)], 7, 1)
        publisher.publish([row(4)], 6, 9)  # an earlier generation says nothing any more
        publisher.progress(7, 1, int((NOON + timedelta(minutes=1)).timestamp() * 1000), 0)
        until(lambda: reader.result().watermark is not None)
        assert reader.version > before
        assert reader.result().rows == (replace(row(5), final=True), row(2, 1))
        assert reader.result() == read_results(platform.settings, platform.catalog)
        assert reader.result(minutes=1).rows == (row(2, 1),)


def test_a_record_of_somebody_else_is_left_out(platform: Platform) -> None:
    reader = KpiReader(platform.settings, platform.catalog)
    stranger = producer(platform.settings)
    stranger.produce(reader.topic, b"not ours", b"k")
    assert stranger.flush(10) == 0
    KpiPublisher(platform.settings, platform.catalog).publish([row(1)], 1, 0)
    with reader.following() as follower:
        until(lambda: follower.health.ready)
        assert reader.result().rows == (row(1),)


def test_it_waits_for_a_topic_and_says_so(stack: Settings) -> None:
    catalog = load_catalog().suffixed(f"later-{time.time_ns()}")
    reader = KpiReader(stack, catalog)
    with reader.following() as follower:
        until(lambda: not follower.health.healthy)
        (trouble,) = follower.health.troubles.values()
        assert f"topic {reader.topic} is not on {stack.brokers}" in trouble.message
        list(create_topics(catalog, stack))
        list(register_all(catalog, Registry(stack)))
        until(lambda: follower.health.ready and follower.health.healthy)


def test_an_outage_is_said_and_survived(empty_stack: Settings) -> None:
    catalog = load_catalog()
    list(create_topics(catalog, empty_stack))
    list(register_all(catalog, Registry(empty_stack)))
    KpiPublisher(empty_stack, catalog).publish([row(1)], 1, 0)
    reader = KpiReader(empty_stack, catalog)
    with reader.following() as follower:
        until(lambda: follower.health.ready)
        Stack(empty_stack).down()
        until(lambda: not follower.health.healthy)
        assert set(follower.health.troubles) == {"broker"}
        assert reader.result().rows == (row(1),)
        Stack(empty_stack).up(print)
        until(lambda: follower.health.healthy)
        KpiPublisher(empty_stack, catalog).publish([row(2)], 1, 1)
        until(lambda: reader.result().rows == (row(2),))


def test_nobody_at_the_start(stack: Settings) -> None:
    nobody = stack.model_copy(update={"bootstrap_servers": "127.0.0.1:9"})
    with KpiReader(nobody, load_catalog()).following() as follower:
        until(lambda: not follower.health.healthy)
    assert not follower.health.ready
