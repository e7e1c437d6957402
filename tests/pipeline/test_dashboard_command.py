"""`avrogate dashboard` as a command: what it says when it cannot, that it waits for a broker, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError

import pytest

from analytics.dashboard.board import Board, Source
from avrogate.errors import ConfigError
from avrogate.kafka import admin, require_topics
from avrogate.settings import Settings
from conftest import environment, free_port
from processors.run import GROUP
from schemas.catalog import shipped_catalog

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

Run = Callable[..., subprocess.CompletedProcess[str]]


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if not line.startswith("{")]  # those are its log


@pytest.mark.parametrize("missing", [True, False], ids=["no topic", "port in use"])
def test_what_it_cannot_do_without_is_one_line(empty_stack: Settings, avrogate: Run, missing: bool) -> None:
    if missing:
        done = avrogate(empty_stack, "dashboard", "--port", "0")
        topics = ", ".join(Source(empty_stack, shipped_catalog(), GROUP).topics)
        lines = [f"avrogate: topics {topics} are not on {empty_stack.brokers}", "run `avrogate topics create`"]
    else:
        assert avrogate(empty_stack, "topics", "create").returncode == 0
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            done = avrogate(empty_stack, "dashboard", "--port", str(port))
        hint = "stop what listens there, or take another: --port, AVROGATE_DASHBOARD_PORT"
        lines = [f"avrogate: port {port} of 127.0.0.1 is in use", hint]
    assert done.returncode == 1
    assert [line.strip() for line in said(done)] == lines


def test_each_topic_that_it_follows_is_one_it_cannot_do_without(platform: Platform) -> None:
    settings, topics = platform.settings, Source(platform.settings, platform.catalog, GROUP).topics
    require_topics(settings, topics)
    broker = admin(settings)
    for missing in topics:
        broker.delete_topics([missing], operation_timeout=20)[missing].result()
        with pytest.raises(ConfigError) as refused:
            require_topics(settings, topics[topics.index(missing) :])
        assert refused.value.message == f"topic {missing} is not on {settings.brokers}"
        assert refused.value.hint == "run `avrogate topics create`"


def test_the_topics_are_those_that_its_readers_read(platform: Platform) -> None:
    source = Source(platform.settings, platform.catalog, GROUP)
    board = Board(source)
    stages = {platform.catalog.stage_topic(stage) for stage in ("raw", "enriched")}
    assert set(source.topics) == {board.reader.topic, board.letters.topic, *stages}


def test_an_address_of_another_machine(empty_stack: Settings, avrogate: Run) -> None:
    assert avrogate(empty_stack, "topics", "create").returncode == 0
    done = avrogate(empty_stack, "dashboard", "--host", "192.0.2.1")
    assert done.returncode == 1
    assert said(done)[0] == "avrogate: 192.0.2.1 is no address of this machine"


@contextmanager
def running(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("avrogate")), "dashboard", "--port", str(port)]
    process = subprocess.Popen(command, env=environment(settings), stderr=subprocess.PIPE, text=True)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()


def answer(url: str, seconds: float = 60) -> tuple[int, str]:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    limit = time.monotonic() + seconds
    while True:
        try:
            with direct.open(url, timeout=10) as found:
                return found.status, found.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except URLError:
            assert time.monotonic() < limit
            time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_waits_for_a_broker_and_ends_when_asked(stack: Settings, number: signal.Signals) -> None:
    nobody = stack.model_copy(
        update={"bootstrap_servers": f"127.0.0.1:{free_port()}", "registry_url": stack.registry}
    )
    with running(nobody) as (process, address):
        status, health = answer(f"{address}/healthz")
        limit = time.monotonic() + 60
        while status == 200:  # nobody has asked the broker yet
            assert time.monotonic() < limit
            status, health = answer(f"{address}/healthz")
        assert "broker unreachable" in health
        assert "broker unreachable" in json.loads(answer(f"{address}/view")[1])["troubles"][0]["message"]
        assert answer(f"{address}/livez")[0] == 200
        process.send_signal(number)
        _, printed = process.communicate(timeout=150)
    assert process.returncode == 0
    assert "waiting" in printed
    assert f"the dashboard is at {address}" in printed
    assert "Traceback" not in printed


def test_an_open_stream_does_not_keep_it_from_ending(empty_stack: Settings, avrogate: Run) -> None:
    assert avrogate(empty_stack, "topics", "create").returncode == 0
    with running(empty_stack) as (process, address):
        answer(f"{address}/livez")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{address}/views", timeout=30) as stream:
            assert stream.readline() == b"retry: 1000\n"
            process.send_signal(signal.SIGINT)
            _, printed = process.communicate(timeout=150)
    assert process.returncode == 0
    assert "Traceback" not in printed
    assert "ERROR" not in printed
