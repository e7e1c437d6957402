"""How a service logs: lines for a person on a terminal, JSON lines elsewhere, both on standard error.

Log messages carry no event, key or user and no secret: what is refused is in the dead-letter topic.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from pythonjsonlogger.json import JsonFormatter
from rich.console import Console
from rich.highlighter import NullHighlighter
from rich.logging import RichHandler

from avrogate.health import Health

OURS = ("avrogate", "schemas", "producers", "processors", "analytics")
NAME = "avrogate"

log = logging.getLogger(__name__)


def configure(level: str, console: Console) -> None:
    """Log from `level` on to `console`, which is that of standard error; other people's loggers from warnings on.

    A second call replaces what the first did.
    """
    handler: logging.Handler
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=False, highlighter=NullHighlighter())
        handler.setFormatter(logging.Formatter("%(message)s", "[%X]"))
    else:
        handler = logging.StreamHandler(console.file)
        handler.setFormatter(_Json(["levelname", "name", "message"], timestamp="time"))
    handler.name = NAME
    root = logging.getLogger()
    for former in [one for one in root.handlers if one.name == NAME]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(True)


def without_credentials(address: str) -> str:
    """An address without the user and the password that may stand before its host."""
    return re.sub(r"(^|//|,)[^/@,]*@", r"\1", address)


class LoggedHealth(Health):
    """Health whose changes are logged: not every outage is noticed by something that logs it."""

    def trouble(self, part: str, message: str, *, final: bool = False) -> None:
        """The same, and a line if it is new."""
        new = part not in self.troubles
        super().trouble(part, message, final=final)
        if new:
            log.warning("outage: %s", message, extra={"part": part})

    def well(self, part: str) -> None:
        """The same, and a line if it was in trouble."""
        trouble = self.troubles.get(part)
        super().well(part)
        if trouble is not None:
            seconds = round(self._clock() - trouble.since, 1)
            log.info("outage over: %s, after %.1f s", part, seconds, extra={"part": part, "seconds": seconds})


class _Json(JsonFormatter):
    """One object a line: time, level, logger, message, then what the call gave as `extra`."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Our names, in the order in which a person reads them."""
        first = {
            "time": log_data.pop("time").isoformat(timespec="milliseconds"),
            "level": log_data.pop("levelname").lower(),
            "logger": log_data.pop("name"),
            "message": log_data.pop("message"),
        }
        return first | log_data
