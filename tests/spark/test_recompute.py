"""Final minutes again, from the lake: what came too late is counted, and what is not final is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import TopicPartition
from pyspark.sql import SparkSession

from analytics.kpi_topic import KpiPublisher, read_results
from analytics.kpis import Kpi, shipped_kpis
from analytics.lake import existing_lake
from analytics.lake_fill import fill_lake, prepare_fill
from analytics.recompute import Recomputation, recompute
from analytics.results import MinuteKpis
from analytics.sources import topic_ends
from analytics.stream import run_stream
from avrogate.errors import ConfigError, InUse
from avrogate.kafka import admin
from avrogate.kafka_reading import read_to_end

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = [pytest.mark.spark, pytest.mark.stack]

# a day's last minutes: the recomputation reads two days
START = 1_773_532_620
MINUTE = 60_000


class Numbers:
    """Stream, lake and results of one test."""

    def __init__(self, spark: SparkSession, platform: Platform) -> None:
        self.spark, self.settings, self.catalog = spark, platform.settings, platform.catalog

    def stream(self, **given: Any) -> Any:
        return run_stream(self.spark, self.settings, until_idle=0, catalog=self.catalog, **given)

    def fill(self) -> Any:
        return fill_lake(self.spark, self.settings, until_idle=0, catalog=self.catalog)

    def recompute(self, first: datetime, last: datetime, **given: Any) -> Recomputation:
        return recompute(self.spark, self.settings, first, last, catalog=self.catalog, **given)

    def read(self) -> MinuteKpis:
        return read_results(self.settings, self.catalog)


@pytest.fixture
def numbers(spark: SparkSession, platform: Platform) -> Numbers:
    return Numbers(spark, platform)


def minute(number: int) -> datetime:
    return datetime.fromtimestamp(START, UTC) + timedelta(minutes=number)


def within(values: dict[Any, Any], first: datetime, last: datetime) -> dict[Any, Any]:
    return {key: value for key, value in values.items() if first <= key[1] <= last}


def test_late_events_are_counted_then(numbers: Numbers, writer: Any, reference: ModuleType) -> None:
    first = reference.events(41, 1500, START, 1800)
    writer.write(first)
    numbers.stream()
    numbers.fill()
    late = reference.events(42, 200, START, 600)
    writer.write(late)
    assert numbers.stream().late_events == 200
    stale = reference.as_dict(numbers.read().rows)
    assert stale == reference.minutes(first)

    # the lake lacks the late ones: it catches up by itself
    done = numbers.recompute(minute(0), minute(6))
    expected = reference.minutes([*first, *late])
    found = reference.as_dict(numbers.read().rows)
    assert within(found, minute(0), minute(6)) == within(expected, minute(0), minute(6))
    assert {key: value for key, value in found.items() if key[1] > minute(6)} == {
        key: value for key, value in stale.items() if key[1] > minute(6)
    }
    assert (done.values, done.revision) == (len(within(expected, minute(0), minute(6))), 1)
    changed = {key for key, value in within(expected, minute(0), minute(6)).items() if stale.get(key) != value}
    assert done.changed == len(changed) > 20

    # once more changes nothing; the rest; and the stream goes on without undoing any of it
    assert numbers.recompute(minute(0), minute(6)).changed == 0
    assert numbers.recompute(minute(7), minute(9)).revision == 3
    more = reference.events(43, 100, START + 1800, 300)
    writer.write(more)
    numbers.stream()
    assert reference.as_dict(numbers.read().rows) == reference.minutes([*first, *late, *more])


def test_only_final_minutes(numbers: Numbers, writer: Any, reference: ModuleType) -> None:
    with pytest.raises(ConfigError, match="no minute is final yet"):
        numbers.recompute(minute(0), minute(0))
    writer.write([reference.purchase("u", (START + 60 * n) * 1000, "0.10") for n in range(16)])
    numbers.stream()
    with pytest.raises(ConfigError, match="there is no lake at"):
        numbers.recompute(minute(0), minute(4))
    numbers.fill()
    # the newest event is of minute 15: what ends by minute 5 is final
    with pytest.raises(
        ConfigError, match=r"the minute 2026-03-15 00:02 is not final: only what ended by .* 00:02:00"
    ):
        numbers.recompute(minute(0), minute(5))
    assert numbers.recompute(minute(0), minute(4)).changed == 0


def test_what_the_lake_does_not_give_becomes_zero_and_a_younger_kpi_gets_its_past(
    numbers: Numbers, writer: Any, reference: ModuleType
) -> None:
    events = reference.events(44, 600, START, 1200)
    writer.write(events)
    numbers.stream()
    numbers.fill()
    shipped = {kpi.name: kpi for kpi in shipped_kpis()}
    only_large = replace(
        shipped["revenue-by-country"], where="purchase_value > 1000000"
    )  # a definition that was mended: some groups have nothing any more
    younger = Kpi(name="payers", event="InAppPurchase", reads={"user_id": "string"}, users=("user_id",))
    numbers.recompute(minute(0), minute(5), kpis=[only_large, younger])
    rows = [row for row in numbers.read().rows if row.minute <= minute(5)]
    assert reference.as_dict(row for row in rows if row.kpi not in (only_large.name, younger.name)) == within(
        {key: value for key, value in reference.minutes(events).items() if key[0] != only_large.name},
        minute(0),
        minute(5),
    )
    large = [event for event in events if event.get("purchase_value", 0) > 1_000_000]
    expected = within(
        {key: value for key, value in reference.minutes(large).items() if key[0] == only_large.name},
        minute(0),
        minute(5),
    )
    found = reference.as_dict(row for row in rows if row.kpi == only_large.name)
    assert {key: value for key, value in found.items() if value[0]} == expected
    nothing = {key: value for key, value in found.items() if not value[0]}
    assert nothing
    assert set(nothing.values()) == {(0, 0, None)}
    payers = {row.minute: row.users for row in rows if row.kpi == younger.name}
    seen: dict[datetime, set[str]] = {}
    for event in events:
        when = datetime.fromtimestamp(event["time"] // MINUTE * 60, UTC)
        if event["event_type"] == "in_app_purchase" and when <= minute(5):
            seen.setdefault(when, set()).add(event["user_id"])
    assert payers == {when: len(users) for when, users in seen.items()}


def test_it_waits_for_the_process_that_fills_the_lake(
    numbers: Numbers, writer: Any, reference: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analytics.recompute.PATIENCE", 2.0)
    monkeypatch.setattr("analytics.recompute.POLL", 0.1)
    writer.write(reference.events(45, 100, START, 1200))
    numbers.stream()
    numbers.fill()
    writer.write(reference.events(46, 10, START, 60))
    published: list[int] = []
    monkeypatch.setattr(KpiPublisher, "publish", lambda *given, **more: published.append(1))
    checkpoint, says = (
        prepare_fill(numbers.settings, numbers.catalog)[1],
        "another `avrogate analytics lake` works on",
    )
    with checkpoint.locked(), pytest.raises(InUse, match=says):
        numbers.recompute(minute(0), minute(2))
    assert not published


def test_minutes_of_which_the_lake_may_lack_events_are_refused(
    numbers: Numbers, writer: Any, reference: ModuleType
) -> None:
    """They had left the topic when the lake was begun: without them the numbers would be wrong."""
    writer.write(reference.events(47, 200, START, 1200))
    numbers.stream()
    before = reference.as_dict(numbers.read().rows)
    topic = numbers.catalog.stage_topic("enriched")
    ends = topic_ends(numbers.settings, topic)
    client = admin(numbers.settings)  # kept: without it, nothing answers
    for each in client.delete_records([TopicPartition(topic, *one) for one in ends.items()]).values():
        each.result(30)
    writer.write(reference.events(48, 200, START + 1200, 600))
    numbers.stream()
    numbers.fill()
    oldest: dict[int, int] = {}
    for message in read_to_end(numbers.settings, topic):
        oldest.setdefault(message.partition(), message.timestamp()[1])
    lake = existing_lake(numbers.spark, numbers.settings)
    assert lake.complete_from.timestamp() * 1000 == max(oldest.values())
    with pytest.raises(ConfigError, match="may lack events of 2026-03-15 00:00: it has all from 2"):
        numbers.recompute(minute(3), minute(5))
    assert within(reference.as_dict(numbers.read().rows), minute(0), minute(9)) == within(
        before, minute(0), minute(9)
    )
