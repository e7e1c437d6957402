"""Which file it is: the SHA-256 of all of it, and of its beginnings, and where its lines end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import BinaryIO

from avrogate.errors import ConfigError

CHUNK = 1 << 20  # bytes read at a time
BLOCK = 1 << 16  # bytes looked through at a time for the beginning of a line


def fingerprints(stream: BinaryIO, sizes: Iterable[int]) -> dict[int, str]:
    """SHA-256 of the first n bytes for each of `sizes`, in hexadecimal digits, in one pass over the file.

    Raises ConfigError if the file ends before the largest of them.
    """
    state, found, position = hashlib.sha256(), {}, 0
    stream.seek(0)
    for size in sorted(set(sizes)):
        while position < size:
            chunk = stream.read(min(CHUNK, size - position))
            if not chunk:
                raise ConfigError("the file became shorter while it was read", hint="start again when it is complete")
            state.update(chunk)
            position += len(chunk)
        found[size] = state.hexdigest()
    return found


def line_boundary(stream: BinaryIO, line: int, position: int) -> tuple[int, int]:
    """Where to go on in a file of which `line` lines and `position` bytes were read when it may have been shorter.

    If its last line had no end then, and something was written on that line since, this is the beginning of the
    line: as it is now it is another line, which was not read. What is left of the line and blank is passed over.
    """
    if position == 0 or _byte(stream, position - 1) == b"\n":
        return line, position
    stream.seek(position)
    rest = stream.readline()
    if not rest.strip():
        return line, position + len(rest)
    return line - 1, _beginning(stream, position)


def _byte(stream: BinaryIO, position: int) -> bytes:
    stream.seek(position)
    return stream.read(1)


def _beginning(stream: BinaryIO, position: int) -> int:
    """The position after the last line feed before `position`."""
    while position > 0:
        start = max(position - BLOCK, 0)
        stream.seek(start, os.SEEK_SET)
        found = stream.read(position - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0
