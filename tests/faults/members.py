"""The processes of a scenario: quality processors that are started, watched, signalled and ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import points
import psutil

CHILD = Path(__file__).with_name("child.py")
LIMIT = 60.0
STACKS = 5.0
POLL = 0.05


class ScenarioFailed(Exception):
    """What a scenario waited for did not happen, or what must not happen did."""


def wait_for(what: str, condition: Callable[[], bool], limit: float = LIMIT) -> None:
    """Wait until it is so. Raises ScenarioFailed after `limit` seconds."""
    until = time.monotonic() + limit
    while not condition():
        if time.monotonic() > until:
            raise ScenarioFailed(f"not within {limit:.0f} s: {what}")
        time.sleep(POLL)


class Member:
    """One processor. `options` are those of child.py."""

    def __init__(self, name: str, suffix: str, folder: Path, env: Mapping[str, str], **options: Any) -> None:
        self.name = name
        self.status_file = folder / f"{name}.json"
        self.log = folder / f"{name}.log"
        self.killed = False
        command = [sys.executable, str(CHILD), "--suffix", suffix, "--status", str(self.status_file)]
        for option, value in options.items():
            command += [f"--{option}", str(value)]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT)

    @property
    def alive(self) -> bool:
        """Whether it has not ended (one that is stopped is alive)."""
        return self.process.poll() is None

    @property
    def status(self) -> dict[str, Any]:
        """What it last said of itself; empty before it has."""
        try:
            found: dict[str, Any] = json.loads(self.status_file.read_text(encoding="utf-8"))
        except OSError:
            return {}
        return found

    def wait_ready(self, limit: float = LIMIT) -> None:
        """Wait until it is a member of the group and has taken over what it was given."""
        wait_for(f"{self.name} ready", lambda: self._checked() and bool(self.status.get("ready")), limit)

    def wait_killed(self, limit: float = LIMIT) -> None:
        """Wait until it has killed itself at its point."""
        wait_for(f"{self.name} at its point", lambda: not self.alive, limit)
        if self.process.returncode != -signal.SIGKILL:
            raise ScenarioFailed(f"{self.name} ended by itself: {self.last_words()}")
        self.killed = True

    def wait_stopped(self, limit: float = LIMIT) -> None:
        """Wait until it has stopped itself at its point."""
        wait_for(
            f"{self.name} stopped",
            lambda: self._checked() and psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED,
            limit,
        )

    def wait_paused(self, limit: float = LIMIT) -> None:
        """Wait until it pauses at its point."""
        wait_for(f"{self.name} pauses", lambda: self._checked() and self._pause.exists(), limit)

    def go_on(self) -> None:
        """End its pause."""
        self._pause.unlink()

    def send(self, number: signal.Signals) -> None:
        """Signal it, if it is there."""
        if self.alive:
            self.killed |= number is signal.SIGKILL
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.send(signal.SIGKILL)
        self.process.wait(LIMIT)

    def stop(self, limit: float = LIMIT) -> None:
        """SIGTERM, and wait. Raises ScenarioFailed if it does not end well.

        One that has only just been started is let begin: before that Python ends it, not the processor.
        """
        if self.killed:
            self.process.wait(LIMIT)
            return
        wait_for(f"{self.name} begun", lambda: self._checked() and bool(self.status), limit)
        self.send(signal.SIGTERM)
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise ScenarioFailed(f"{self.name} does not end: {self.last_words()}") from error
        if code != 0:
            raise ScenarioFailed(f"{self.name} ended with {code}: {self.last_words()}")

    def last_words(self, lines: int = 3) -> str:
        """The end of its log."""
        said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " | ".join(said[-lines:])[-170 * lines :] if said else "it said nothing"

    def stacks(self) -> str:
        """Where each of its threads is, by its own account; empty if it does not answer."""
        before = self.log.stat().st_size
        self.send(signal.SIGUSR1)
        with suppress(ScenarioFailed):
            wait_for(f"{self.name} says where it is", lambda: self.log.stat().st_size > before, STACKS)
        time.sleep(POLL)
        return self.log.read_bytes()[before:].decode(errors="replace")

    @property
    def _pause(self) -> Path:
        return points.pause_file(self.status_file)

    def _checked(self) -> bool:
        if not self.alive:
            raise ScenarioFailed(f"{self.name} ended with {self.process.returncode}: {self.last_words()}")
        return True
