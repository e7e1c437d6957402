"""A file of corrected events: JSON Lines, as `avrogate dead-letters show` prints them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avrogate.errors import ConfigError, InvalidEvent
from schemas.json_events import parse_event

HINT = 'each line is {"partition": 0, "offset": 17, "event": {…}}, as `avrogate dead-letters show` prints it'


@dataclass(frozen=True)
class Corrected:
    """Events by the name of their dead letter, the line that each stands in, and the SHA-256 of the file."""

    file: Path
    events: dict[str, dict[str, Any]]
    lines: dict[str, int]
    digest: str

    def require(self, letters: Iterable[str]) -> None:
        """Raise ConfigError if a line is about none of these letters."""
        unknown = self.events.keys() - set(letters)
        if unknown:
            first = min(unknown, key=lambda name: self.lines[name])
            message = f"{self.file}:{self.lines[first]}: there is no dead letter {first}"
            raise ConfigError(message, hint="`avrogate dead-letters show` prints those that are there")


def load_corrected(file: Path) -> Corrected:
    """Read a file of corrected events. Raises ConfigError that names the line of what is wrong."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({(error.strerror or str(error)).lower()})", HINT) from error
    events: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            name, event = _line(f"{file}:{number}", line)
            if name in lines:
                raise ConfigError(f"{file}:{number}: {name} is in line {lines[name]} already", HINT)
            events[name], lines[name] = event, number
    if not events:
        raise ConfigError(f"{file} has no event in it", HINT)
    return Corrected(file, events, lines, hashlib.sha256(content).hexdigest())


def _line(place: str, line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        content = parse_event(line)
    except InvalidEvent as error:
        raise ConfigError(f"{place}: {error.message}", HINT) from error
    numbers = [content.get(name) for name in ("partition", "offset")]
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise ConfigError(f"{place}: partition and offset are to be whole numbers", HINT)
    event = content.get("event")
    if not isinstance(event, dict):
        raise ConfigError(f"{place}: there is no event in it", HINT)
    return f"{numbers[0]}/{numbers[1]}", event
