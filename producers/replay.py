"""JSON Lines in: one event a line, from a file or standard input."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from avrogate.errors import ConfigError
from producers.source import Line

STANDARD_INPUT = "-"


class JsonLines:
    """The lines of a stream, as bytes, without their ends. Blank lines are skipped but have a number.

    A line may be as long as memory allows. `done` and `total` are bytes; `total` is None for a pipe. `line` is the
    number of the last line that was read, blank ones included.
    """

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self.name = name
        self.done = 0
        self.line = 0
        self.stream = stream
        self._end: int | None = None
        self._status = _status(stream)
        self.total = self._status.st_size if self._status else None

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file under a name of its own, which can be read again and told from others."""
        return self._status is not None and self.name != STANDARD_INPUT

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.name != STANDARD_INPUT:
            self.stream.close()

    def go_to(self, line: int, position: int) -> None:
        """Go on after a line, which ends `position` bytes into the file."""
        self.stream.seek(position)
        self.line, self.done = line, position

    @contextmanager
    def up_to(self, end: int) -> Iterator[None]:
        """Let iteration end after so many bytes of the file, in the middle of a line if need be."""
        self._end = end
        try:
            yield
        finally:
            self._end = None

    def require_unchanged(self) -> None:
        """Raises ConfigError if the file is not what it was when it was opened, by its size and its time."""
        now, before = _status(self.stream), self._status
        if now and before and (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise ConfigError(
                f"{self.name} was changed while it was read", hint="when it is complete, the same command goes on"
            )

    def __iter__(self) -> Iterator[Line]:
        """Raises ConfigError if reading fails half-way."""
        for text in self.texts():
            yield Line(self.line, text)

    def texts(self) -> Iterator[bytes]:
        """The lines alone; `line` is the number of the last one. Raises ConfigError if reading fails half-way."""
        try:
            for line in self.stream if self._end is None else self._until(self._end):
                self.line += 1
                self.done += len(line)
                text = line.rstrip(b"\r\n")
                if not text.isspace() and text:
                    yield text
        except OSError as error:
            raise _unreadable(self.name, error) from error

    def _until(self, end: int) -> Iterator[bytes]:
        while self.done < end and (line := self.stream.readline(end - self.done)):
            yield line


def open_lines(name: str) -> JsonLines:
    """Open a file of JSON Lines, or standard input for `-`. Raises ConfigError if it cannot be read."""
    if name == STANDARD_INPUT:
        return JsonLines(name, sys.stdin.buffer)
    try:
        return JsonLines(name, Path(name).expanduser().open("rb"))
    except OSError as error:
        raise _unreadable(name, error) from error


def _status(stream: BinaryIO) -> os.stat_result | None:
    """The state of a regular file, None for anything else."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # a stream in memory
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _unreadable(name: str, error: OSError) -> ConfigError:
    return ConfigError(f"{name} cannot be read ({(error.strerror or str(error)).lower()})", hint="see --from")
