"""What the broker and the registry have in common: places, ports, and how a failed start is explained."""

from __future__ import annotations

import re
import socket
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from avrogate.errors import StackError
from avrogate.local.download import Downloads
from avrogate.settings import LOOPBACK, Settings

# the quickest start: two services compile side by side on few cores, and neither runs for weeks
JVM_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

PORT_PATIENCE = 1.0  # seconds; the system takes a moment to close the ports of a killed process

KNOWN_CAUSES = {
    "No space left on device": "disk full",
    "Address already in use": "its port is in use",
    "BindException": "its port is in use",
    "UnsupportedClassVersionError": "this Java is too old for it",
    "OutOfMemoryError": "out of memory",
}


class Service(ABC):
    """One process of the local stack. Nothing is read or written before `command` is called."""

    name: ClassVar[str]
    title: ClassVar[str]
    port_setting: ClassVar[str]

    def __init__(self, settings: Settings, port: int) -> None:
        self.settings = settings
        self.port = port
        stack = settings.expanded_home / "stack"
        self.data = stack / self.name
        self.log = stack / "logs" / f"{self.name}.log"
        self.pid_file = stack / f"{self.name}.pid"

    @property
    @abstractmethod
    def embedded(self) -> bool:
        """Whether the stack provides it; if not, it is somebody else's."""

    @property
    @abstractmethod
    def external_address(self) -> str:
        """Where it is if it is not embedded."""

    @abstractmethod
    def address(self, port: int) -> str:
        """What clients connect to."""

    @abstractmethod
    def command(self, downloads: Downloads) -> list[str]:
        """Prepare the data folder, and say what to run in it."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does its job by now; quick either way."""

    def marks(self) -> list[str]:
        """JVM properties that show a person, in the list of processes, whose it is."""
        return [f"-Davrogate.service={self.name}", f"-Davrogate.home={self.settings.expanded_home}"]

    def require_free_port(self) -> None:
        """Raise StackError if something listens there already."""
        patience = time.monotonic() + PORT_PATIENCE
        while not is_free(self.port):
            if time.monotonic() > patience:
                raise StackError(
                    f"{self.title}: port {self.port} is in use{_holder(self.port)}",
                    hint=f"end what uses it, or set {self.port_setting} to another port (log: {self.log})",
                )
            time.sleep(0.05)

    def died(self, exit_code: int, log_start: int) -> StackError:
        """The error for a process that ended while starting; `log_start` is where its part of the log begins."""
        cause = _cause(self.log, log_start)
        return StackError(f"{self.title} ended at its start (exit code {exit_code}): {cause}", f"log: {self.log}")


def is_free(port: int) -> bool:
    """Whether a service could listen at this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError as error:
            raise StackError(f"port {port} may not be opened", hint="choose one above 1023") from error
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    import psutil

    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
                return f" by {psutil.Process(one.pid).name()} (pid {one.pid})"
    except psutil.Error:  # not every system tells everybody
        pass
    return ""


def _cause(log: Path, start: int) -> str:
    """The line of a Java log that says why: the innermost cause if there is one."""
    with log.open("rb") as content:
        content.seek(start)
        text = content.read().decode("utf-8", "replace")
    for sign, meaning in KNOWN_CAUSES.items():
        if sign in text:
            return meaning
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for pattern in (r"Caused by: ", r"^[\w.$]+(Exception|Error): ", r"Exception: |\bERROR\b|\bFATAL\b", r"Error"):
        matching = [line for line in lines if re.search(pattern, line)]
        if matching:
            return matching[-1].removeprefix("Caused by: ")[:300]
    return lines[-1][:300] if lines else "it said nothing"
