"""The streaming query among records that are no event, and while the registry or the broker is away."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from analytics.kpi_topic import KpiPublisher
from analytics.running import Running
from avrogate.cli.analytics.render import batch
from avrogate.errors import BrokerUnavailable, RegistryUnavailable
from avrogate.local.stack import Stack
from avrogate.settings import Settings
from conftest import running_stack
from schemas.catalog import load_catalog
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics
from schemas.wire_format import frame

if TYPE_CHECKING:
    from conftest import Platform

# the query is started anew several times in one test, which takes long on a machine that others use
pytestmark = [pytest.mark.spark, pytest.mark.stack, pytest.mark.timeout(1200)]

START = 1_773_532_620
NOBODYS = 987_654
# seconds without a broker
AWAY = 20.0


def kept(query: Any) -> list[dict[str, Any]]:
    """All that is in quarantine."""
    files = sorted((query.checkpoint / "quarantine").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def strangers(platform: Platform) -> list[tuple[bytes | None, str]]:
    """Values that are no enriched event, each with the reason that is expected."""
    registry, topic = Registry(platform.settings), platform.catalog.stage_topic("enriched")
    init = registry.id_of(platform.catalog.newest(topic, "init"))
    raw = registry.id_of(platform.catalog.newest(platform.catalog.stage_topic("raw"), "init"))
    return [
        (frame(NOBODYS, b"\x00"), "unknown-schema"),
        (frame(4_000_000_000, b"\x00"), "unknown-schema"),
        (frame(raw, b"\x00\x02"), "unexpected-schema"),
        (None, "tombstone"),
        (b"", "empty-value"),
        (b'{"event-type": "init"}', "wrong-magic-byte"),
        (b"\x00\x00\x00", "truncated"),
        (frame(init, b""), "undecodable"),
        (frame(init, b"\x00\x02"), "undecodable"),
        (frame(init, b"\x02" + b"\xff" * 40), "undecodable"),
        (frame(init, b"\x00\x02\xfe\xff\xff\xff\x0f" + b"x" * 40), "undecodable"),  # a text of 2 GB, it says
    ]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry for each start of a query from now on."""
    starts: list[None] = []
    original = Running.attempt

    def attempt(self: Running, schemas: Any) -> None:
        starts.append(None)
        original(self, schemas)

    monkeypatch.setattr(Running, "attempt", attempt)
    return starts


def test_records_that_are_no_event_are_skipped_counted_and_kept(
    query: Any, writer: Any, reference: ModuleType, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, more = reference.events(6, 100, START, 100), reference.events(7, 100, START + 100, 100)
    wrong = strangers(platform)
    writer.write(first)
    writer.send([(f"k{n}", value) for n, (value, _) in enumerate(wrong)])
    writer.write(more)
    reports: list[Any] = []
    starts = counted(monkeypatch)
    summary = query.run(on_batch=reports.append)
    # the one that fails, and the one that knows of all three ids
    assert len(starts) == 2
    assert (summary.events, summary.refused, summary.restarts, summary.late_events) == (200, len(wrong), 0, 0)
    assert reference.as_dict(query.read().rows) == reference.minutes([*first, *more])

    found = kept(query)
    assert {
        (None if one["value"] is None else base64.b64decode(one["value"]), one["reason"]) for one in found
    } == set(wrong)
    assert len(found) == len(wrong)
    assert json.loads((query.checkpoint / "refused-ids.json").read_text()).keys() == {
        str(one["schema_id"]) for one in found if one["reason"] in ("unknown-schema", "unexpected-schema")
    }
    said = batch(next(one for one in reports if one.refused))
    place = found[0]
    assert f"warning: {len(wrong)} records are no events of the topic" in said
    assert f"{place['reason']} at {writer.topic}, partition {place['partition']}, offset {place['offset']}" in said
    assert str(query.checkpoint / "quarantine") in said

    # what is known of an id is known after a restart, without asking again
    monkeypatch.setattr(Registry, "text", lambda self, schema_id: pytest.fail(f"asked for {schema_id}"))
    writer.send([("k", frame(NOBODYS, b"\x00"))])
    again = query.run()
    assert (again.events, again.refused, again.pauses) == (0, 1, [])


def test_a_batch_that_is_run_again_skips_the_same(
    query: Any, writer: Any, reference: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = reference.events(8, 100, START, 100)
    writer.write(events)
    writer.send([(f"k{n}", frame(NOBODYS, bytes([n]))) for n in range(5)])

    def pulled(self: Any, *given: Any) -> None:
        raise BrokerUnavailable("pulled the plug")

    with monkeypatch.context() as broken:
        broken.setattr(KpiPublisher, "progress", pulled)
        with pytest.raises(BrokerUnavailable):
            query.run()
    assert query.batches("offsets") - query.batches("commits"), "no uncommitted batch: the test tests nothing"
    before = kept(query)
    monkeypatch.setattr(Registry, "text", lambda self, schema_id: pytest.fail(f"asked for {schema_id}"))
    summary = query.run()
    assert (summary.events, summary.refused) == (100, 5)
    assert kept(query) == before
    assert len(before) == 5
    assert reference.as_dict(query.read().rows) == reference.minutes(events)


@contextmanager
def forgetful(query: Any, registry_proxy: Any) -> Iterator[Any]:
    """The query behind a registry that says of every id that there is none, while `lost` is true of it."""

    def shape(question: Any, status: int, answer: Any) -> tuple[int, Any]:
        if running.lost and question.path.startswith("/schemas/ids/"):
            return 404, {"error_code": 40403, "message": "Schema not found"}
        return status, answer

    with registry_proxy.proxy(query.settings.registry, shape=shape) as running:
        running.lost = False
        query.settings = query.settings.model_copy(update={"registry_url": running.url})
        yield running


def test_a_registry_that_lost_its_store_is_not_believed(
    query: Any, writer: Any, reference: ModuleType, registry_proxy: Any
) -> None:
    writer.write(reference.events(9, 20, START, 20))
    writer.send([("k", frame(NOBODYS, b"\x00"))])
    with forgetful(query, registry_proxy) as registry:
        registry.lost = True
        with pytest.raises(RegistryUnavailable, match="no longer has"):
            query.run()
        assert not (query.checkpoint / "refused-ids.json").exists()
        registry.lost = False
        assert query.run().refused == 1


@pytest.mark.parametrize("how", ["gone", "lost"])
def test_a_registry_that_is_away_when_a_new_id_appears(
    query: Any,
    queries: ModuleType,
    writer: Any,
    reference: ModuleType,
    registry_proxy: Any,
    capsys: pytest.CaptureFixture[str],
    how: str,
) -> None:
    """The stream waits: the events of the new version are counted once it is back, and all others too."""
    old = reference.events(10, 200, START, 200)
    new = [reference.purchase(f"n{n}", (START + n) * 1000, "0.35", "Chad") for n in range(200)]
    writer.write(old)
    with forgetful(query, registry_proxy) as registry, query.live() as live:
        live.until(lambda: live.events == 200, "the first events")
        encode = queries.next_version(query.settings, query.catalog)
        registry.lost, registry.page = how == "lost", (503, b"away") if how == "gone" else None
        asked = len(registry.asked)
        writer.send([(reference.user(record), encode(record)) for record in new])
        live.until(lambda: len(registry.asked) >= asked + 4, "questions to the registry")
        assert live.events == 200
        registry.lost, registry.page = False, None
        live.until(lambda: live.events == 400, "the new events")
        summary = live.end()
        assert reference.as_dict(query.read().rows) == reference.minutes([*old, *new])
    assert (summary.events, summary.refused, summary.restarts, summary.outages) == (400, 0, 1, 1)
    with capsys.disabled():
        print(f"\nregistry {how} when a new id came: {summary.pauses[0]:.1f} s until its events were counted")  # noqa: T201


@pytest.fixture
def own_platform(tmp_path: Path) -> Iterator[tuple[Settings, Settings, Any]]:
    """A stack of the test's own: its settings, those of a client, and the catalog that is on it."""
    with running_stack(tmp_path / "stack") as stack:
        client = Settings(
            home=tmp_path, downloads=stack.downloads, bootstrap_servers=stack.brokers, registry_url=stack.registry
        )
        catalog = load_catalog()
        list(create_topics(catalog, client))
        list(register_all(catalog, Registry(client)))
        yield stack, client, catalog


def test_a_broker_that_is_restarted_in_mid_stream(
    spark: Any,
    own_platform: tuple[Settings, Settings, Any],
    queries: ModuleType,
    reference: ModuleType,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack, client, catalog = own_platform
    query, writer = queries.Query(spark, client, catalog), reference.Writer(client, catalog)
    first, more = reference.events(11, 300, START, 300), reference.events(12, 300, START + 300, 300)
    writer.write(first)
    with query.live() as live:
        live.until(lambda: live.events == 300, "the first events")
        Stack(stack).down({"kafka"})
        live.stop.wait(AWAY)
        Stack(stack).up(lambda line: None)
        writer.write(more)
        live.until(lambda: live.events == 600, "the events after the restart")
        summary = live.end()
    found = reference.as_dict(query.read().rows)
    assert (summary.events, summary.late_events, summary.refused) == (600, 0, 0)
    assert found == reference.minutes([*first, *more])
    with capsys.disabled():
        print(f"\nbroker away for {AWAY:.0f} s in mid-stream: 600 of 600 events, {len(found)} rows exact, {summary}")  # noqa: T201
