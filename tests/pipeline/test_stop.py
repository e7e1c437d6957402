"""Stopping in the middle: a processor that is asked to stop finishes its batch and says what it did."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from avrogate.settings import Settings
from conftest import environment

pytestmark = pytest.mark.stack

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def ready(empty_stack: Settings, avrogate: Run) -> Settings:
    """Topics and schemas are there."""
    for command in (["topics", "create"], ["schemas", "register"]):
        assert avrogate(empty_stack, *command).returncode == 0
    return empty_stack


def pending(settings: Settings, avrogate: Run) -> int:
    done = avrogate(settings, "audit", "--format", "json")
    assert done.returncode == 0, done.stderr
    return sum(part["pending"] for part in json.loads(done.stdout)["partitions"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_processor_is_asked_to_stop(ready: Settings, avrogate: Run, number: signal.Signals) -> None:
    command = [Path(sys.executable).with_name("avrogate"), "process"]
    processor = subprocess.Popen(command, env=environment(ready), stdout=subprocess.PIPE, text=True)
    try:
        assert avrogate(ready, "produce", "--events", "500").returncode == 0
        deadline = time.monotonic() + 60
        while pending(ready, avrogate):
            assert time.monotonic() < deadline, "nothing was processed"
        processor.send_signal(number)
        printed, _ = processor.communicate(timeout=20)
    finally:
        processor.kill()
    assert processor.returncode == 0
    assert "500 events in" in printed


def test_a_producer_is_interrupted(ready: Settings, avrogate: Run) -> None:
    command = [Path(sys.executable).with_name("avrogate"), "produce", "--events", "100000", "--rate", "200"]
    producer = subprocess.Popen(
        command, env=environment(ready), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(3)
    producer.send_signal(signal.SIGINT)
    printed, said = producer.communicate(timeout=20)
    assert producer.returncode == 130
    assert "Interrupted" in said
    sent = int(printed.split(" sent, ")[0].split()[-1].replace(",", ""))
    assert sent > 0
    assert pending(ready, avrogate) == sent
