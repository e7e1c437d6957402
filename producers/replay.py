"""JSON Lines in: one event a line, from a file or standard input."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from avrogate.errors import ConfigError
from producers.source import Line

STANDARD_INPUT = "-"


class JsonLines:
    """The lines of a stream, as bytes, without their ends. Blank lines are skipped but have a number.

    A line may be as long as memory allows. `done` and `total` are bytes; `total` is None for a pipe.
    """

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self.name = name
        self.done = 0
        self.total = _size(stream)
        self._stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.name != STANDARD_INPUT:
            self._stream.close()

    def __iter__(self) -> Iterator[Line]:
        """Raises ConfigError if reading fails half-way."""
        try:
            for number, line in enumerate(self._stream, start=1):
                self.done += len(line)
                text = line.rstrip(b"\r\n")
                if text.strip():
                    yield Line(number, text)
        except OSError as error:
            raise _unreadable(self.name, error) from error


def open_lines(name: str) -> JsonLines:
    """Open a file of JSON Lines, or standard input for `-`. Raises ConfigError if it cannot be read."""
    if name == STANDARD_INPUT:
        return JsonLines(name, sys.stdin.buffer)
    try:
        return JsonLines(name, Path(name).expanduser().open("rb"))
    except OSError as error:
        raise _unreadable(name, error) from error


def _size(stream: BinaryIO) -> int | None:
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # a stream in memory
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _unreadable(name: str, error: OSError) -> ConfigError:
    return ConfigError(f"{name} cannot be read ({(error.strerror or str(error)).lower()})", hint="see --from")
