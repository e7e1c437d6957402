"""Pid files that do not mistake strangers, and starts that leave no orphans; with real processes."""

import json
import os
import signal
import subprocess
import time

import psutil
import pytest

from avrogate.local import process
from avrogate.local.process import find, helper, launch, stop, uninterrupted


@pytest.fixture
def sleeper(tmp_path):
    handle = launch(
        ["sleep", "60"], folder=tmp_path, log=tmp_path / "logs" / "s.log", pid_file=tmp_path / "s.pid", port=7
    )
    yield handle
    handle.process.kill()
    handle.process.wait()


def test_a_launched_process_is_found_with_its_port(tmp_path, sleeper):
    found = find(tmp_path / "s.pid")
    assert found is not None
    assert (found.process.pid, found.port) == (sleeper.process.pid, 7)
    assert os.getsid(sleeper.process.pid) == sleeper.process.pid, "it would end with the terminal"


def test_a_recycled_pid_is_a_stranger(tmp_path, sleeper):
    noted = json.loads((tmp_path / "s.pid").read_text())
    (tmp_path / "s.pid").write_text(json.dumps(noted | {"created": noted["created"] - 60}))
    assert find(tmp_path / "s.pid") is None


@pytest.mark.parametrize("text", ["", "12", "{}", '{"pid": "x"}', '{"pid": 1, "created": null, "port": 1}'])
def test_broken_pid_file_names_nothing(tmp_path, text):
    (tmp_path / "s.pid").write_text(text)
    assert find(tmp_path / "s.pid") is None


def test_dead_process_is_not_found_even_before_its_parent_noticed(tmp_path, sleeper):
    os.kill(sleeper.process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while psutil.Process(sleeper.process.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.01)
    assert find(tmp_path / "s.pid") is None


def test_stop_kills_what_does_not_listen(tmp_path):
    stubborn = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], stdout=subprocess.PIPE
    )
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    stop([psutil.Process(stubborn.pid)], grace=0.3)
    assert stubborn.poll() is not None
    stubborn.stdout.close()


def test_stop_asks_first(tmp_path):
    polite = subprocess.Popen(
        ["sh", "-c", f"trap 'echo bye > {tmp_path}/bye; exit' TERM; echo ready; while :; do sleep 0.1; done"],
        stdout=subprocess.PIPE,
    )
    assert polite.stdout is not None
    polite.stdout.readline()
    stop([psutil.Process(polite.pid)], grace=5)
    assert (tmp_path / "bye").read_text() == "bye\n"
    polite.stdout.close()


def test_log_is_appended_to_and_turned_over_when_large(tmp_path, monkeypatch):
    def run(word):
        handle = launch(["echo", word], folder=tmp_path, log=tmp_path / "x.log", pid_file=tmp_path / "x.pid", port=1)
        handle.process.wait()
        return handle.log_start

    assert run("one") == 0
    assert run("two") == 4
    monkeypatch.setattr(process, "LOG_LIMIT", 5)
    assert run("three") == 0
    assert (tmp_path / "x.log").read_text() == "three\n"
    assert (tmp_path / "x.log.1").read_text() == "one\ntwo\n"


def test_process_is_not_left_behind_if_it_cannot_be_noted(tmp_path):
    (tmp_path / "s.pid").mkdir()
    with pytest.raises(OSError):
        launch(["sleep", "61.5"], folder=tmp_path, log=tmp_path / "l", pid_file=tmp_path / "s.pid", port=1)
    children = psutil.Process().children()
    assert not [child for child in children if "61.5" in child.cmdline()]


def test_interrupt_waits_for_the_end_of_the_block():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # Spark sets one of its own
    done = False
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        done = True
    assert done
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


@pytest.mark.parametrize("interrupted_at", ["in the block", "at the start"])
def test_helper_does_not_outlive_an_interrupt(tmp_path, monkeypatch, interrupted_at):
    started = []
    original = subprocess.Popen

    def noting(*arguments, **keywords):
        child = original(*arguments, **keywords)
        started.append(child)
        if interrupted_at == "at the start":
            os.kill(os.getpid(), signal.SIGINT)
        return child

    monkeypatch.setattr(subprocess, "Popen", noting)
    with (tmp_path / "log").open("wb") as log, pytest.raises(KeyboardInterrupt):  # noqa: SIM117
        with helper(["sleep", "60"], log):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
    assert [child.poll() for child in started] == [-signal.SIGKILL]
