"""What `minute-kpis` prints while it counts: one table in place on a terminal, a line a batch elsewhere."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pyte
import pytest

from avrogate.settings import Settings
from conftest import environment
from schemas.catalog import shipped_catalog

pytestmark = [pytest.mark.spark, pytest.mark.stack, pytest.mark.timeout(900)]

ROWS, COLUMNS = 24, 110
NOON = 1_773_489_600_000
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def ready(empty_stack: Settings, avrogate: Run) -> Settings:
    for command in (["topics", "create"], ["schemas", "register"]):
        assert avrogate(empty_stack, *command).returncode == 0
    return empty_stack


class Terminal:
    """A terminal of a process's own: its screen, and everything that was ever written to it."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._screen = pyte.HistoryScreen(COLUMNS, ROWS, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        self._master, slave = pty.openpty()
        size = {"COLUMNS": str(COLUMNS), "LINES": str(ROWS), "TERM": "xterm"}
        self.process = subprocess.Popen(command, env=env | size, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # nobody writes to it any more
                return
            self.written += data
            self._stream.feed(data)

    @property
    def screen(self) -> str:
        return "\n".join(self._screen.display)

    @property
    def scrolled(self) -> int:
        """Lines that went off the screen."""
        return len(self._screen.history.top)

    def until(self, pattern: str, seconds: float = 500) -> re.Match[str]:
        limit = time.monotonic() + seconds
        while not (found := re.search(pattern, self.screen)):
            assert time.monotonic() < limit, self.screen
            assert self.process.poll() is None or re.search(pattern, self.screen), self.screen
            time.sleep(0.1)
        return found


@contextmanager
def terminal(settings: Settings, *arguments: str) -> Iterator[Terminal]:
    shown = Terminal([str(Path(sys.executable).with_name("avrogate")), *arguments], environment(settings))
    try:
        yield shown
    finally:
        shown.process.kill()


def test_one_table_in_place_on_a_terminal(ready: Settings, reference: ModuleType) -> None:
    writer = reference.Writer(ready, shipped_catalog())
    writer.write([reference.purchase("a", NOON, "1234.50"), reference.purchase("b", NOON + 60_000, "2.00")])
    with terminal(ready, "analytics", "minute-kpis") as shown:
        shown.until(r"2026-03-14 12:00 │ +1 │ 1,234.50 │ +1 │ +0 │ provisional")
        shown.until(r"batch \d+: ")
        writer.write([reference.purchase("c", NOON, "0.50"), reference.purchase("d", NOON + 14 * 60_000, "9.99")])
        shown.until(r"2026-03-14 12:00 │ +2 │ 1,235.00 │ +2 │ +0 │ final")
        shown.until(r"2026-03-14 12:14 │ +1 │ +9.99 │ +1 │ +0 │ provisional")
        assert shown.screen.count("minute (UTC)") == 1
        assert shown.scrolled == 0
        shown.process.send_signal(signal.SIGINT)
        assert shown.process.wait(120) == 0
    noise = re.findall(rb"WARN|INFO|SLF4J|log4j|Exception|Ivy|:: ", shown.written)
    assert noise == [], shown.written.decode()


def test_a_line_a_batch_elsewhere(ready: Settings, avrogate: Run, reference: ModuleType) -> None:
    reference.Writer(ready, shipped_catalog()).write([reference.purchase("e", NOON + 14 * 60_000, "1.00")])
    done: Any = avrogate(ready, "analytics", "minute-kpis", "--until-idle", "0")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert re.fullmatch(r"batch \d+: 1 events, 4 values; final up to 2026-03-14 12:04:00 UTC", lines[0])
    assert all(line.startswith("batch ") for line in lines)
    assert "\x1b" not in done.stdout + done.stderr


def test_a_warning_stays_on_the_terminal(ready: Settings, reference: ModuleType) -> None:
    writer = reference.Writer(ready, shipped_catalog())
    with terminal(ready, "analytics", "minute-kpis") as shown:
        writer.send([("nobody", b"no event")])
        shown.until(r"warning: 1 record is no event of the topic")
        writer.write([reference.purchase("f", NOON + 15 * 60_000, "1.00")])
        shown.until(r"2026-03-14 12:15 │ +1 │ +1.00 │")
        assert shown.screen.count("warning:") == 1
        shown.process.send_signal(signal.SIGINT)
        assert shown.process.wait(120) == 0
        assert shown.screen.count("warning: 1 record is no event of the topic") == 1
        assert shown.screen.count("warning: in all 1 record was no event of the topic and skipped; see ") == 1
