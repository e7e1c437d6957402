"""How long a contender takes: from when its first batch is there to when its last one is committed.

Starting, joining the group and reading the first batch are not timed, nor is the end. The processor's time (user and
system, all threads of the process) is counted from the first commit on, and divided by the events after it; a run
with a single commit counts all, its start included. Python's standard library alone, as in `job`.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

STATUS = Path("/proc/self/status")
RESULT = "result "


class Meter:
    """To be told when the first batch is there, and of each commit."""

    def __init__(self) -> None:
        self.events = self.commits = 0
        self._began: float | None = None
        self._ended = 0.0
        self._cpu = (0.0, 0.0)
        self._first = 0
        self._resident = 0

    def begin(self, ago: float = 0.0) -> None:
        """The first batch is there, or was some seconds ago; later calls change nothing."""
        if self._began is None:
            self._began = time.perf_counter() - ago

    def committed(self, events: int) -> None:
        """A batch of so many events is committed."""
        self._ended = time.perf_counter()
        self.events += events
        self.commits += 1
        cpu = time.process_time()
        if not self._first:
            self._first, self._cpu = self.events, (cpu, cpu)
        else:
            self._cpu = (self._cpu[0], cpu)
        self._resident = _memory("VmRSS")

    def tell(self) -> None:
        """Print what was measured, as the last line of the output."""
        print(RESULT + json.dumps(self.figures()), flush=True)  # noqa: T201

    def figures(self) -> dict[str, float]:
        """Events, commits, seconds, processor seconds an event, bytes resident after the last commit and at most."""
        start, end = self._cpu
        later = self.events - self._first
        return {
            "events": self.events,
            "commits": self.commits,
            "seconds": self._ended - (self._began or self._ended),
            "cpu": (end - start) / later if later else end / max(self.events, 1),
            "resident": self._resident,
            "peak": _memory("VmHWM"),
        }


def _memory(name: str) -> int:
    """Bytes that Linux tells under a name; elsewhere 0. (The most that getrusage tells may be the parent's.)"""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)
