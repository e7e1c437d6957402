"""A transactional id that is this process's alone, and the same again after a restart.

Kafka fences an earlier producer of the same transactional id and aborts what it left open. So a process that was
killed should come back under its old id, and two that run side by side must not share one: each takes the lowest
free slot of its machine and holds its lock file for as long as it lives (the system lets go of it, however the
process ends).
"""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from avrogate.errors import ConfigError

SLOTS = 256


@contextmanager
def transactional_id(folder: Path, group: str) -> Iterator[str]:
    """Hold a free slot in `folder` and give the id that belongs to it: `<group>-<host>-<slot>`.

    Raises ConfigError if the folder cannot be written or all slots are taken.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}", hint="set AVROGATE_HOME") from error
    for slot in range(SLOTS):
        with (folder / f"{group}-{slot}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield f"{group}-{socket.gethostname()}-{slot}"
            return
    raise ConfigError(f"all {SLOTS} slots in {folder} are taken")
