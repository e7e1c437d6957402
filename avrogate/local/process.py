"""Processes that outlive the command which starts them, and are found again without mistaking a stranger for one."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

import psutil

from avrogate.local.files import write_atomically

CLOCK_TOLERANCE = 2.0  # seconds that a clock correction may move a process's create time
GRACE = 15.0  # seconds between asking a process to end and killing it
LOG_LIMIT = 10_000_000


@dataclass(frozen=True)
class Running:
    """A process of ours that is alive, and the port that it was started with."""

    process: psutil.Process
    port: int


def find(pid_file: Path) -> Running | None:
    """The process that a pid file names, if it lives and is the one that was meant.

    A pid alone is not enough: the system gives it to another process one day. The create time decides.
    """
    try:
        noted = json.loads(pid_file.read_text(encoding="utf-8"))
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["created"]) < CLOCK_TOLERANCE
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return Running(process, noted["port"])
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None  # no file, a broken one, or no such process: nothing of ours runs
    return None


@dataclass(frozen=True)
class Launched:
    """A process that this call started, and where its part of the log begins."""

    process: subprocess.Popen[bytes]
    log_start: int

    def alive(self) -> list[psutil.Process]:
        """The process for `stop`; empty if it has ended."""
        return [psutil.Process(self.process.pid)] if self.process.poll() is None else []


def launch(command: Sequence[str], *, folder: Path, log: Path, pid_file: Path, port: int) -> Launched:
    """Start a process in a session of its own, its output appended to `log`, noted in `pid_file`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        log_start = output.tell()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        created = psutil.Process(process.pid).create_time()
        write_atomically(pid_file, json.dumps({"pid": process.pid, "created": created, "port": port}))
    except (OSError, psutil.Error):
        process.kill()
        process.wait()
        raise
    return Launched(process, log_start)


@contextmanager
def helper(command: Sequence[str], log: IO[bytes], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is gone when the block is left, however that happens; its output goes to `log`."""
    process = None
    try:
        with uninterrupted():
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **options
            )
        yield process
    finally:
        if process:
            process.kill()
            process.wait()


def stop(processes: Iterable[psutil.Process], grace: float = GRACE) -> None:
    """Ask all of them to end, wait, and kill what is still there."""
    asked = list(processes)
    for one in asked:
        with suppress(psutil.NoSuchProcess):
            one.terminate()
    _, stubborn = psutil.wait_procs(asked, timeout=grace)
    for one in stubborn:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(stubborn, timeout=grace)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put Ctrl-C off until the block is done: between a start and its note it would leave an orphan."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = False

    def remember(_signal: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
