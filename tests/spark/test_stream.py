"""The streaming query on a real broker: exact, restartable, late events counted and left out."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from types import ModuleType
from typing import Any

import pytest

from analytics import stream
from analytics.kpi_topic import KpiPublisher
from analytics.kpis import Kpi, shipped_kpis
from avrogate.errors import BrokerUnavailable, ConfigError
from schemas.registry import Registry

pytestmark = [pytest.mark.spark, pytest.mark.stack]

START = 1_773_532_620
MINUTE = 60_000


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def test_the_stream_equals_a_recomputation_and_goes_on(query: Any, writer: Any, reference: ModuleType) -> None:
    first = reference.events(1, 2000, START, 900)
    writer.write(first)
    summary = query.run()
    newest = max(event["time"] for event in first)
    assert (summary.events, summary.late_events, summary.restarts) == (2000, 0, 0)
    assert summary.watermark == at(newest - 10 * MINUTE)
    found = query.read()
    assert reference.as_dict(found.rows) == reference.minutes(first) == reference.as_dict(query.once())
    assert found.watermark == summary.watermark
    assert {row.minute: row.final for row in found.rows} == {
        row.minute: row.minute.timestamp() * 1000 + MINUTE <= newest - 10 * MINUTE for row in found.rows
    }
    assert {True, False} == {row.final for row in found.rows}

    assert query.run().batches == 0
    more = reference.events(2, 500, newest // 1000 - 300, 400)
    writer.write(more)
    assert query.run().events == 500
    assert reference.as_dict(query.read().rows) == reference.minutes([*first, *more])


def test_late_events_are_counted_and_in_no_number(query: Any, writer: Any, reference: ModuleType) -> None:
    base = START * 1000
    writer.write([reference.purchase("a", base, "1.00"), reference.purchase("b", base + 20 * MINUTE, "2.00")])
    query.run()
    before = reference.as_dict(query.read().rows)
    late = [reference.purchase("c", base + n, "100.00") for n in (0, 1, 2)]
    early = reference.purchase("d", base + 15 * MINUTE, "4.00")
    writer.write([*late, early])
    summary = query.run()
    assert (summary.events, summary.late_events) == (4, 3)
    found = query.read()
    assert found.late_events == 3
    assert reference.as_dict(found.rows) == {**before, **reference.minutes([early])}
    assert len(query.once()) == len(found.rows)
    assert query.run().late_events == 0


def test_state_behind_the_watermark_is_dropped(query: Any, writer: Any, reference: ModuleType) -> None:
    base = START * 1000
    for hour in range(2):
        writer.write([reference.init(f"u{n}", base + hour * 60 * MINUTE + n * MINUTE) for n in range(10)])
        query.run()
    # ten minutes of users and of arrivals; what each batch read is kept for a day: two batches, two watermarks
    assert 20 <= state_rows(query) <= 24


def state_rows(query: Any) -> int:
    """Rows of the state after the last batch."""
    location = str(query.checkpoint / "spark")
    return int(query.spark.read.format("statestore").load(location).count())


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the publisher's methods that fail, each once."""
    names: list[str] = []

    def wrap(name: str) -> None:
        original = getattr(KpiPublisher, name)

        def method(self: KpiPublisher, *given: Any) -> None:
            original(self, *given)
            if name in names:
                names.remove(name)
                raise BrokerUnavailable("pulled the plug")

        monkeypatch.setattr(KpiPublisher, name, method)

    wrap("publish")
    wrap("progress")
    yield names
    assert not names


def test_a_failed_batch_is_run_again_after_a_restart(
    query: Any, writer: Any, reference: ModuleType, failing: list[str]
) -> None:
    """Guards against SPARK-55271 (Spark 4.1): a restart that finds an uncommitted batch."""
    first, more = reference.events(3, 300, START, 300), reference.events(4, 300, START + 300, 300)
    writer.write(first)
    query.run()
    writer.write(more)
    for where in ("publish", "progress"):
        failing.append(where)
        with pytest.raises(BrokerUnavailable, match="pulled the plug"):
            query.run()
        assert query.batches("offsets") - query.batches("commits"), "no uncommitted batch: the test tests nothing"
    assert query.run().events == 300
    found = query.read()
    assert reference.as_dict(found.rows) == reference.minutes([*first, *more])
    assert found.late_events == 0


@pytest.fixture
def coupons(query: Any, queries: ModuleType) -> Any:
    """Registers a next version of the purchase behind our back; returns how it encodes a record."""
    return queries.next_version(query.settings, query.catalog)


def test_a_version_that_appears_in_mid_stream(
    query: Any,
    writer: Any,
    reference: ModuleType,
    coupons: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The id is unknown at the start, as if it had been registered after it."""
    monkeypatch.setattr(Registry, "ids", lambda self, subject: [])
    old = reference.events(5, 200, START, 200)
    new = [reference.purchase(f"n{n}", (START + n) * 1000, "0.35", "Chad") for n in range(200)]
    writer.write(old)
    query.run()
    writer.send([(reference.user(record), coupons(record)) for record in new])
    reports: list[Any] = []
    summary = query.run(on_batch=reports.append)
    assert (summary.restarts, summary.events, summary.refused) == (1, 200, 0)
    assert summary.pauses == [pytest.approx(reports[0].pause, abs=0.1)]
    assert 0 < summary.pauses[0] < 120
    with capsys.disabled():
        print(f"\na new schema id in mid-stream: {summary.pauses[0]:.1f} s from the failure to the next batch")  # noqa: T201
    assert reference.as_dict(query.read().rows) == reference.minutes([*old, *new])
    assert reference.as_dict(query.once()) == reference.minutes([*old, *new])


def test_a_version_that_is_newer_than_ours_is_known_from_the_start(
    query: Any, writer: Any, reference: ModuleType, coupons: Any
) -> None:
    new = [reference.purchase(f"n{n}", (START + n) * 1000, "0.35", "Chad") for n in range(50)]
    writer.send([(reference.user(record), coupons(record)) for record in new])
    assert query.run().restarts == 0
    assert reference.as_dict(query.read().rows) == reference.minutes(new)


def test_a_new_kpi_starts_on_the_checkpoint_that_is_there(query: Any, writer: Any, reference: ModuleType) -> None:
    first, more = reference.events(7, 200, START, 100), reference.events(8, 200, START + 180, 100)
    writer.write(first)
    query.run()
    arppu = Kpi(
        name="payers",
        event="InAppPurchase",
        reads={"purchase_value": "decimal(18,2)", "user_id": "string"},
        amount="purchase_value",
        users=("user_id",),
    )
    writer.write(more)
    summary = query.run(kpis=[*shipped_kpis(), arppu])
    rows = query.read().rows
    assert reference.as_dict(row for row in rows if row.kpi != "payers") == reference.minutes([*first, *more])
    payers = {row.minute: row for row in rows if row.kpi == "payers"}
    revenue = {key[1]: value for key, value in reference.minutes(more).items() if key[0] == "revenue"}
    assert {minute: (row.count, row.amount) for minute, row in payers.items()} == {
        minute: value[:2] for minute, value in revenue.items()
    }
    assert all(0 < (row.users or 0) <= row.count for row in payers.values())
    assert summary.generation == query.read().generation


def test_it_runs_until_it_is_told_to_stop(query: Any, writer: Any, reference: ModuleType) -> None:
    events = reference.events(9, 300, START, 300)
    writer.write(events)
    stop, seen = Event(), []

    def on_batch(report: Any) -> None:
        seen.append(report.events)
        stop.set()

    summary = query.run(until_idle=None, stop=stop, on_batch=on_batch)
    assert (seen[0], summary.events) == (300, 300)
    assert reference.as_dict(query.read().rows) == reference.minutes(events)
    query.run()
    assert reference.as_dict(query.read().rows) == reference.minutes(events)


def test_idle_means_that_nothing_came_for_so_long(query: Any) -> None:
    begun = time.monotonic()
    assert query.run(until_idle=1.0).events == 0
    assert time.monotonic() - begun >= 1.0
    assert query.read().rows == ()


def test_a_checkpoint_of_another_cluster_is_refused(query: Any, writer: Any, reference: ModuleType) -> None:
    query.run()
    file = query.checkpoint / "identity.json"
    identity = json.loads(file.read_text())
    file.write_text(json.dumps({**identity, "cluster": "another"}))
    with pytest.raises(ConfigError, match="of cluster another, not to"):
        query.run()


def test_a_new_checkpoint_counts_anew_and_replaces_the_old_numbers(
    query: Any, writer: Any, reference: ModuleType
) -> None:
    import shutil

    writer.write(reference.events(10, 100, START, 100))
    first = query.run()
    shutil.rmtree(query.checkpoint)
    second = query.run(kpis=[replace(shipped_kpis()[0], name="purchases-anew")])
    assert second.generation > first.generation
    assert {row.kpi for row in query.read().rows} == {"purchases-anew"}


def test_what_is_checked_before_spark_starts(query: Any) -> None:
    with pytest.raises(ConfigError, match="is not on"):
        stream.prepare_stream(query.settings, query.catalog.suffixed("nowhere"))


def test_a_checkpoint_that_came_out_of_a_backup_is_noticed(query: Any, writer: Any, reference: ModuleType) -> None:
    """Its batches would have numbers of batches that are published: readers would keep the old values."""
    writer.write(reference.events(61, 100, START, 100))
    query.run()
    backup = query.checkpoint.with_name("backup")
    shutil.copytree(query.checkpoint, backup)
    for seed in (62, 63):
        writer.write(reference.events(seed, 100, START, 100))
        query.run()
    published = reference.as_dict(query.read().rows)
    newer = query.checkpoint.with_name("newer")
    query.checkpoint.rename(newer)
    shutil.copytree(backup, query.checkpoint)
    with pytest.raises(ConfigError, match=r"goes on after batch \d+, but the newest numbers are of batch \d+"):
        query.run()
    assert reference.as_dict(query.read().rows) == published
    # a checkpoint that was begun later counts all of it; the one before it is older from then on
    shutil.rmtree(query.checkpoint)
    query.run()
    assert reference.as_dict(query.read().rows) == published
    shutil.rmtree(query.checkpoint)
    newer.rename(query.checkpoint)
    with pytest.raises(ConfigError, match="are of another checkpoint, which was begun later"):
        query.run()
