"""What several modules do with files: locks between processes, space, atomic writes."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from avrogate.errors import StackError

MEGABYTE = 1_000_000


@contextmanager
def locked(path: Path, on_wait: Callable[[], None]) -> Iterator[int]:
    """Hold `path` as a lock among processes; `on_wait` is called once if another one has it.

    Yields the lock's file descriptor: a child that inherits it keeps the lock for as long as it lives.
    The system frees the lock when its holders end, however they end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write `text` so that readers see the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def require_space(folder: Path, megabytes: int, purpose: str) -> None:
    """Raise StackError unless `folder`'s disk has that much room."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free // MEGABYTE
    if free < megabytes:
        raise StackError(
            f"disk full: {purpose} needs {megabytes} MB in {folder}, {free} MB are free",
            hint="free some space, or point AVROGATE_HOME to another disk",
        )


@contextmanager
def clear_file_errors(what: str) -> Iterator[None]:
    """Turn an OSError (a full disk, a folder without write permission) into one clear StackError."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "disk full" if full else (error.strerror or str(error))
        place = f": {error.filename}" if error.filename else ""
        raise StackError(f"{what}: {reason}{place}", hint="AVROGATE_HOME chooses another folder") from error


def size_of(folder: Path) -> int:
    """Bytes of all files under `folder`; files that vanish meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total
