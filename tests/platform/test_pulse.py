"""What the dashboard calls the schemas in flight: also those that only the registry knows, or nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from analytics.dashboard.pulse import Pulse
from avrogate.errors import RegistryUnavailable
from avrogate.kafka import producer
from processors.run import GROUP
from schemas.registry import RegisteredText, Registry
from schemas.wire_format import frame

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

NOBODY_S = 2_000_000_000


def write(platform: Platform, *schema_ids: int) -> None:
    writer = producer(platform.settings)
    for number in schema_ids:
        writer.produce(platform.catalog.stage_topic("raw"), frame(number, b""))
    assert writer.flush(30) == 0


def registered(platform: Platform, subject: str, avro: dict[str, object]) -> int:
    """Registered past Avrogate, as a newer installation or another team would."""
    client = SchemaRegistryClient({"url": platform.settings.registry})
    return client.register_schema(subject, Schema(json.dumps(avro), "AVRO"))


def later(platform: Platform) -> tuple[int, int]:
    """A later version of `init` that only the registry has: its id and its number."""
    newest = platform.catalog.newest(platform.catalog.stage_topic("raw"), "init")
    field = {"name": "later", "type": ["null", "string"], "default": None}
    schema_id = registered(platform, newest.subject, newest.avro | {"fields": [*newest.avro["fields"], field]})
    return schema_id, Registry(platform.settings).versions(newest.subject)[-1]


def seen(platform: Platform, pulse: Pulse) -> dict[str, int]:
    return dict(pulse._look().versions[platform.catalog.stage_topic("raw")])


def test_what_this_installation_does_not_have_the_registry_is_asked_once(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, number = later(platform)
    foreign = registered(
        platform, f"{platform.settings.home.name}-foreign", {"type": "record", "name": "x.Foreign", "fields": []}
    )
    write(platform, newer, foreign, foreign, NOBODY_S)
    asked: list[int] = []
    text = Registry.text

    def heard(self: Registry, schema_id: int) -> RegisteredText | None:
        asked.append(schema_id)
        return text(self, schema_id)

    monkeypatch.setattr(Registry, "text", heard)
    pulse = Pulse(platform.settings, platform.catalog, GROUP)
    expected = {f"init v{number}": 1, f"x.Foreign (schema id {foreign})": 2, f"unknown schema id {NOBODY_S}": 1}
    assert seen(platform, pulse) == expected
    assert number > 1
    asked.clear()
    assert seen(platform, pulse) == expected
    assert asked == []


def test_an_outage_of_the_registry_is_no_verdict(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    newer, number = later(platform)
    pulse = Pulse(platform.settings, platform.catalog, GROUP)
    seen(platform, pulse)
    write(platform, newer)

    def away(*_: object) -> None:
        raise RegistryUnavailable("registry unreachable")

    with monkeypatch.context() as outage:
        outage.setattr(Registry, "text", away)
        assert seen(platform, pulse) == {f"schema id {newer}": 1}
    with monkeypatch.context() as loss:  # it answers, and knows nothing any more
        loss.setattr(Registry, "text", lambda *_: None)
        assert seen(platform, pulse) == {f"schema id {newer}": 1}
    assert seen(platform, pulse) == {f"init v{number}": 1}
