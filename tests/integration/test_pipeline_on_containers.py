"""The command line against containers: every event has one outcome, also through an outage of the registry."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avrogate.kafka import consumer, offsets, producer, require_topic
from avrogate.settings import Settings
from conftest import environment

pytestmark = [pytest.mark.stack, pytest.mark.containers]
Run = Callable[..., subprocess.CompletedProcess[str]]


def audit(avrogate: Run, settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(avrogate(settings, "audit", "--format", "json").stdout)
    return found


def total(report: dict[str, Any], what: str) -> int:
    return sum(partition[what] for partition in report["partitions"])


@pytest.fixture(scope="module")
def prepared(containers: Any, avrogate: Run, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings: Settings = containers.settings.model_copy(update={"home": tmp_path_factory.mktemp("home")})
    for command in (("topics", "create"), ("schemas", "register")):
        result = avrogate(settings, *command)
        assert result.returncode == 0, result.stderr
    return settings


def test_events_go_through_and_add_up(prepared: Settings, avrogate: Run) -> None:
    sent = avrogate(prepared, "produce", "--events", "500", "--invalid-share", "0.1", "--seed", "7")
    assert sent.returncode == 0, sent.stderr
    processed = avrogate(prepared, "process", "--until-idle", "2")
    assert processed.returncode == 0, processed.stderr
    report = audit(avrogate, prepared)
    refused = sum(report["refused_by_producer"].values())
    assert report["adds_up"]
    assert total(report, "events") + refused == 500
    assert total(report, "enriched") + total(report, "dead_letters") == total(report, "events")
    assert total(report, "dead_letters") > 0 < refused


def end_of(settings: Settings, topic: str) -> int:
    client = consumer(settings, "avrogate-test-ends")
    try:
        return sum(offsets(settings, client, topic, n)[1] for n in range(require_topic(settings, topic)))
    finally:
        client.close()


@pytest.mark.parametrize(("off", "on"), [("pause", "unpause"), ("stop", "start")])
def test_while_the_registry_is_away_an_unknown_schema_id_waits_for_its_verdict(
    off: str, on: str, prepared: Settings, avrogate: Run, containers: Any, tmp_path: Path
) -> None:
    dead_before = total(audit(avrogate, prepared), "dead_letters")
    log = tmp_path / "log"
    with log.open("wb") as output:
        command = [Path(sys.executable).with_name("avrogate"), "process", "--until-idle", "6"]
        processor = subprocess.Popen(command, env=environment(prepared), stdout=output, stderr=output)
    try:
        time.sleep(4)  # it runs, and waits for events
        end = end_of(prepared, "events-dead-letter")
        getattr(containers.registry, off)()
        try:
            client = producer(prepared)
            client.produce("events-raw", b"\x00" + (987_654).to_bytes(4, "big") + b"?", b"42")
            assert client.flush(10) == 0
            time.sleep(4)
            assert processor.poll() is None, log.read_text()
            assert end_of(prepared, "events-dead-letter") == end
        finally:
            getattr(containers.registry, on)()
            containers.wait()
        assert processor.wait(timeout=120) == 0, log.read_text()
    finally:
        processor.kill()
    after = audit(avrogate, prepared)
    assert after["adds_up"]
    assert total(after, "pending") == 0
    assert total(after, "dead_letters") == dead_before + 1
