"""Start, stop and look at the local stack. Its data stay from start to start."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from avrogate.errors import ConfigError
from avrogate.local.download import Progress, Report, ensure_downloaded
from avrogate.local.files import MEGABYTE, clear_file_errors, locked, require_space
from avrogate.local.kafka import Kafka
from avrogate.local.process import find, stop, uninterrupted
from avrogate.local.registry import Registry
from avrogate.local.service import Service
from avrogate.local.starting import runs_already, start
from avrogate.settings import Settings

NEEDED_MB = 100


@dataclass(frozen=True)
class Started:
    """Which services a call of `up` started itself."""

    services: tuple[str, ...] = ()

    @property
    def kafka(self) -> bool:
        """Whether it started the broker."""
        return Kafka.name in self.services

    @property
    def registry(self) -> bool:
        """Whether it started the registry."""
        return Registry.name in self.services


@dataclass(frozen=True)
class ServiceStatus:
    """One service as it is now. `state` is running, stopped or external (somebody else's)."""

    name: str
    state: str
    address: str
    pid: int | None = None
    memory_mb: int | None = None
    data: Path | None = None
    log: Path | None = None


class Stack:
    """The embedded broker and registry of one AVROGATE_HOME."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.expanded_home / "stack"
        self.services: tuple[Service, ...] = (Registry(settings), Kafka(settings))

    def up(self, report: Report, progress: Progress | None = None) -> Started:
        """Start what does not run yet, side by side, and return when all of it answers.

        `report` gets lines for a person; `progress` is called while the first start downloads.
        Raises StackError, with the log's place in its hint, and leaves nothing half-started then,
        nor when it is interrupted.
        """
        embedded = [one for one in self.services if one.embedded]
        if len({one.port for one in embedded}) < len(embedded):
            raise ConfigError(f"broker and registry cannot share port {embedded[0].port}")
        with self._locked(report):
            missing = [one for one in embedded if not runs_already(one, report)]
            if not missing:
                return Started()
            for one in missing:
                one.require_free_port()
            downloads = ensure_downloaded(self.settings, report, progress)
            require_space(self.folder, NEEDED_MB, "the local stack")
            start(missing, downloads, report)
        return Started(tuple(one.name for one in missing))

    def down(self, only: Collection[str] | None = None, report: Report = lambda line: None) -> list[str]:
        """Stop this home's own processes (those named in `only`); the names of what was running."""
        with self._locked(report):
            chosen = [one for one in self.services if only is None or one.name in only]
            running = {one.name: found.process for one in chosen if (found := find(one.pid_file))}
            with uninterrupted():
                stop(running.values())
            for one in chosen:
                one.pid_file.unlink(missing_ok=True)
        return list(running)

    def status(self) -> list[ServiceStatus]:
        """How each service is doing; the broker first."""
        return [_status(one) for one in reversed(self.services)]

    @contextmanager
    def _locked(self, report: Report) -> Iterator[None]:
        def on_wait() -> None:
            report("another avrogate is at the local stack; waiting for it")

        with clear_file_errors("the local stack"), locked(self.folder / "lock", on_wait):
            yield


def _status(service: Service) -> ServiceStatus:
    if not service.embedded:
        return ServiceStatus(service.name, "external", service.external_address)
    found = find(service.pid_file)
    memory = None
    if found:
        with suppress(psutil.Error):
            memory = found.process.memory_info().rss // MEGABYTE
    return ServiceStatus(
        service.name,
        "running" if found else "stopped",
        service.address(found.port if found else service.port),
        found.process.pid if found else None,
        memory,
        service.data,
        service.log,
    )
