"""The jars of the local stack, of Spark's connectors and of Delta Lake: downloaded once, complete or not at all."""

from __future__ import annotations

import os
import shutil
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from avrogate.local import ivy
from avrogate.local.files import MEGABYTE, clear_file_errors, locked, require_space, size_of
from avrogate.local.java import find_java
from avrogate.local.trust import java_options
from avrogate.settings import Settings

DOWNLOAD_MB = 223  # measured; a stack test compares them with what really arrives
DISK_MB = 248  # what stays
MODULES = 56
PEAK_MB = 400  # while the registry is unpacked

Report = Callable[[str], None]
Progress = Callable[[str, int, int], None]
"""Called with what is going on, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class Downloads:
    """A complete set of jars."""

    folder: Path

    @property
    def kafka_class_path(self) -> str:
        """Class path of the broker."""
        return str(self.folder / "kafka" / "*")

    @property
    def complete(self) -> bool:
        """Whether it is there; a folder that somebody emptied is not."""
        return self.registry_jar.is_file() and any((self.folder / "kafka").glob("*.jar"))

    @property
    def registry_jar(self) -> Path:
        """What `java -jar` starts as the registry."""
        return self.folder / "registry" / "quarkus-run.jar"


def spark_packages() -> list[str]:
    """Maven coordinates for spark.jars.packages."""
    return ivy.coordinates("spark")


def spark_excludes() -> list[str]:
    """group:artifact names for spark.jars.excludes: what pyspark brings along already."""
    return ivy.excludes("spark")


def ivy_home(settings: Settings) -> Path:
    """The project's own Ivy folder, for spark.jars.ivy: a half-filled one in the user's home does no harm."""
    return settings.downloads_home / "ivy"


def spark_jars(settings: Settings) -> list[Path]:
    """The jars of Spark's connectors with all that they need, or none if one of them is not downloaded."""
    try:
        found = ivy.artifacts(ivy_home(settings) / "cache", "spark")
    except (OSError, ElementTree.ParseError):
        return []
    return found if all(jar.is_file() for jar in found) else []


def ensure_downloaded(settings: Settings, report: Report, progress: Progress | None = None) -> Downloads:
    """Everything that the stack and Spark need, downloaded unless it is there.

    Says beforehand how much it is. `progress` is called about twice a second while it lasts;
    without it, `report` gets a line now and then. Several processes may call this at a time.
    Raises StackError: no Java, no connection, a full disk.
    """
    folder = settings.downloads_home
    wanted = Downloads(folder / f"stack-{ivy.fingerprint()}")
    if wanted.complete:
        return wanted

    def on_wait() -> None:
        report("another process is downloading the local stack; waiting for it")

    with clear_file_errors("downloading the local stack"), locked(folder / "lock", on_wait) as lock:
        if not wanted.complete:
            _download(settings, wanted.folder, report, progress or _Lines(report), lock)
    return wanted


def _download(settings: Settings, complete: Path, report: Report, progress: Progress, lock: int) -> None:
    folder, cache = complete.parent, ivy_home(settings) / "cache"
    report(
        f"first start: downloading about {DOWNLOAD_MB} MB (Kafka, the schema registry, Spark's connectors); "
        f"{DISK_MB} MB of disk in {folder}"
    )
    require_space(folder, PEAK_MB, "the first start")
    cache.mkdir(parents=True, exist_ok=True)
    log = folder / "download.log"
    ivy.resolve(
        find_java(settings),
        java_options(settings),
        cache,
        log,
        on_tick=lambda: _tell(progress, cache, log),
        keep_open=lock,
    )
    progress("MB downloaded", DOWNLOAD_MB, DOWNLOAD_MB)
    report("unpacking")
    _assemble(cache, complete)


def _tell(progress: Progress, cache: Path, log: Path) -> None:
    """Ivy first finds every module, with many small requests, then fetches the jars."""
    found = log.read_bytes().count(b"\tfound ")
    if found < MODULES:
        progress("modules found", found, MODULES)
    else:
        progress("MB downloaded", min(size_of(cache) // MEGABYTE, DOWNLOAD_MB), DOWNLOAD_MB)


def _assemble(cache: Path, complete: Path) -> None:
    """Build the folder aside and rename it at the end: if it exists, it is complete."""
    partial = complete.with_name(f"{complete.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    jars = partial / "kafka"
    jars.mkdir(parents=True)
    for jar in ivy.artifacts(cache, "kafka"):
        _link(jar, jars / jar.name)
    archives = ivy.artifacts(cache, "registry")
    for archive in archives:
        with tarfile.open(archive) as content:
            content.extractall(partial / "registry", filter="data")
    shutil.rmtree(complete, ignore_errors=True)
    partial.rename(complete)
    for archive in archives:  # unpacked, it is of no use any more
        archive.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)


class _Lines:
    """Progress as lines, for logs and pipes: one for every fifth."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.said = {"": 0}

    def __call__(self, what: str, done: int, total: int) -> None:
        fifth = done * 5 // total
        if fifth > self.said.get(what, 0):
            self.said[what] = fifth
            self.report(f"{done} of {total} {what}")
