"""Where a bench ran: figures of two machines, or of two loads, are not to be compared."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from avrogate.errors import StackError
from avrogate.local.java import find_java
from avrogate.settings import Settings

ROOT = Path(__file__).parents[1]
LIBRARIES = ("confluent-kafka", "fastavro", "pyspark")


def surroundings(settings: Settings) -> dict[str, Any]:
    """The machine, what runs on it, and how busy it is now."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "cpu": _cpu(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "java": _java(settings),
        "versions": {name: version(name) for name in LIBRARIES} | {"kafka": _kafka()},
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def commit() -> str:
    """The commit that was measured, with a + if the tree differs from it; empty where there is no git."""
    try:
        name = _git("rev-parse", "--short=12", "HEAD").strip()
        return name + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def told(found: dict[str, Any]) -> str:
    """The surroundings in a line for people."""
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return (
        f"{found['cores']} cores ({found['cpu']}), {found['memory_gb']} GB, Python {found['python']}, "
        f"Java {found['java']}, {versions}; load before {', '.join(map(str, found['load']))}"
    )


def _cpu() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _java(settings: Settings) -> str:
    try:
        java = find_java(settings)
    except StackError:
        return "none"
    return f"{java.major} ({java.origin})"


def _kafka() -> str:
    pinned = (ROOT / "avrogate" / "local" / "ivy.xml").read_text(encoding="utf-8")
    found = re.search(r'name="kafka_2\.13" rev="([^"]+)"', pinned)
    return found[1] if found else ""


def _git(*arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], cwd=ROOT, text=True, stderr=subprocess.DEVNULL)
