"""The command `avrogate process` as an operator has it: its endpoints, its logs, its end, and an outage."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest

from avrogate.kafka import producer
from avrogate.local.stack import Stack
from avrogate.settings import Settings
from conftest import environment, free_port
from producers import Publisher
from schemas.catalog import load_catalog
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

pytestmark = pytest.mark.stack

MARK = "geheim"
SECRETS = {
    "AVROGATE_REGISTRY_USER": f"{MARK}-user",
    "AVROGATE_REGISTRY_PASSWORD": f"{MARK}-registry",
    "AVROGATE_KAFKA_SASL_PASSWORD": f"{MARK}-kafka",
    "AVROGATE_REQUEST_TIMEOUT": "1",
}


@pytest.fixture(scope="module")
def ready(empty_stack: Settings) -> Settings:
    """Topics and schemas are there, under their own names."""
    catalog = load_catalog()
    list(create_topics(catalog, empty_stack))
    list(register_all(catalog, Registry(empty_stack)))
    return empty_stack


@dataclass
class Running:
    """A processor, and what it says."""

    process: subprocess.Popen[str]
    port: int
    errors: Path

    def ask(self, path: str) -> tuple[int, str]:
        client = HTTPConnection("127.0.0.1", self.port, timeout=5)
        client.request("GET", path)
        response = client.getresponse()
        return response.status, response.read().decode()

    def until(self, what: Callable[[], Any], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if what():
                    return
            except ConnectionRefusedError:
                pass
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def events(self, outcome: str) -> float:
        lines = self.ask("/metrics")[1].splitlines()
        return sum(
            float(line.rpartition(" ")[2])
            for line in lines
            if line.startswith("avrogate_events_total{") and f'outcome="{outcome}"' in line
        )

    def troubles(self) -> set[str]:
        return {trouble["part"] for trouble in json.loads(self.ask("/healthz")[1])["troubles"]}

    @property
    def log(self) -> str:
        return self.errors.read_text(encoding="utf-8")


@contextmanager
def processor(settings: Settings, folder: Path) -> Iterator[Running]:
    port, errors = free_port(), folder / "errors"
    command = [Path(sys.executable).with_name("avrogate"), "process", "--metrics-port", str(port)]
    with errors.open("w") as file:
        child = subprocess.Popen(
            command, env=environment(settings) | SECRETS, stdout=subprocess.PIPE, stderr=file, text=True
        )
    try:
        running = Running(child, port, errors)
        running.until(lambda: running.ask("/readyz")[0] == 200)
        yield running
    finally:
        child.kill()
        child.wait()


def events() -> list[dict[str, Any]]:
    """Every text has the mark. The second breaks a rule at the processor."""
    info = {"coin-balance-after-match": 1, "level-after-match": 2, "device": f"{MARK} d", "platform": f"{MARK} p"}
    match = {
        "event-type": "match",
        "time": int(time.time()) - 60,
        "user-a": f"{MARK} a",
        "user-b": f"{MARK} b",
        "user-a-postmatch-info": info,
        "winner": f"{MARK} a",
        "game-tier": 3,
        "duration": 60,
    }
    init = {"event-type": "init", "time": match["time"], "user-id": f"{MARK} a", "country": MARK, "platform": MARK}
    paid = {"event-type": "in-app-purchase", "time": match["time"], "purchase_value": 1, "user-id": f"{MARK} a"}
    return [match, match | {"winner": f"{MARK} nobody"}, init, paid | {"product-id": f"{MARK} gems"}]


def send_garbage(settings: Settings, value: bytes) -> None:
    client = producer(settings)
    client.produce(load_catalog().stage_topic("raw"), value, MARK.encode(), headers=[(MARK, MARK.encode())])
    client.flush()


def test_endpoints_logs_and_end_without_a_word_of_the_events(ready: Settings, tmp_path: Path) -> None:
    with processor(ready, tmp_path) as running:
        with Publisher(ready) as publisher:
            assert [publisher.publish(event) for event in events()] == [None] * 4
        for value in (MARK.encode(), b"\x00\x00\xff\xff\xff" + MARK.encode(), b"\x00" + MARK.encode() * 1000):
            send_garbage(ready, value)
        running.until(lambda: running.events("enriched") + running.events("refused") >= 7)
        assert (running.events("enriched"), running.events("refused")) == (3, 4)
        bodies = {path: running.ask(path) for path in ("/metrics", "/healthz", "/readyz", "/livez")}
        assert {status for status, _ in bodies.values()} == {200}
        assert 'avrogate_rule_refusals_total{rule="winner-played"} 1.0' in bodies["/metrics"][1]
        assert 'avrogate_rule_findings_total{finding="unknown-country"} 1.0' in bodies["/metrics"][1]
        running.process.send_signal(signal.SIGTERM)
        printed, _ = running.process.communicate(timeout=20)
        assert running.process.returncode == 0
    log = [json.loads(line) for line in running.log.splitlines()]
    for text in (printed, running.log, *(body for _, body in bodies.values())):
        assert MARK not in text
    assert (log[0]["message"].split(":")[0], log[0]["reads"]) == ("starts", load_catalog().stage_topic("raw"))
    assert log[0]["metrics"] == f"http://127.0.0.1:{running.port}/metrics"
    assert any("owns partitions" in line["message"] for line in log)
    assert (log[-1]["events"], log[-1]["enriched"], log[-1]["refused"]) == (7, 3, 4)


def test_an_outage_of_each_part_is_seen_and_over(ready: Settings, tmp_path: Path) -> None:
    if not ready.embeds_kafka:
        pytest.skip("the containers' own restart is another test's")
    stack = Stack(ready)
    pids = {one.name: one.pid for one in stack.status()}
    with processor(ready, tmp_path) as running:
        registry = psutil.Process(pids["registry"])
        registry.suspend()
        try:
            send_garbage(ready, b"\x00\x00\xff\xff\xee" + MARK.encode())  # an id to ask the registry about
            running.until(lambda: running.troubles() == {"registry"})
            assert [running.ask(path)[0] for path in ("/healthz", "/readyz", "/livez")] == [503, 503, 200]
            assert 'avrogate_part_healthy{part="registry"} 0.0' in running.ask("/metrics")[1]
        finally:
            registry.resume()
        running.until(lambda: running.ask("/readyz")[0] == 200 and running.events("refused") == 1)

        stack.down(only=["kafka"])
        try:
            running.until(lambda: running.troubles() == {"broker"})
            assert running.ask("/healthz")[0] == 503
        finally:
            stack.up(print)
        running.until(lambda: running.ask("/readyz")[0] == 200)
        running.process.send_signal(signal.SIGTERM)
        running.process.communicate(timeout=20)
        assert running.process.returncode == 0
    assert MARK not in running.log
    said = [json.loads(line)["message"] for line in running.log.splitlines()]
    for part in ("registry", "broker"):
        assert any(line.startswith(f"outage: {part}") for line in said)
        assert any(line.startswith(f"outage over: {part}") for line in said)


def test_a_broker_that_hangs_is_seen(ready: Settings, tmp_path: Path) -> None:
    if not ready.embeds_kafka:
        pytest.skip("a process of a container is not the test's to stop")
    broker = psutil.Process(next(one.pid for one in Stack(ready).status() if one.name == "kafka"))
    with processor(ready, tmp_path) as running:
        broker.suspend()
        try:
            running.until(lambda: running.troubles() == {"broker"})
        finally:
            broker.resume()
        running.until(lambda: running.ask("/readyz")[0] == 200, 60)
