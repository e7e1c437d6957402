"""The named points of a transaction, and of a restore, at which something can happen to the process.

They are put around the steps of the real classes from outside, in the child.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from avrogate.kafka_transactions import TransactionalProducer
from processors import restore
from processors.offsets import FirstOffsets

Action = Callable[[], None]

AFTER_FIRST_OUTPUT = "after-first-output"
BEFORE_OFFSETS = "before-offsets"
AFTER_OFFSETS = "after-offsets"
BEFORE_COMMIT = "before-commit"
AFTER_COMMIT = "after-commit"
IN_RESTORE = "in-restore"
FIRST_OFFSETS = "first-offsets"
KILLED_AT = (AFTER_FIRST_OUTPUT, BEFORE_OFFSETS, AFTER_OFFSETS, BEFORE_COMMIT, AFTER_COMMIT, IN_RESTORE)
POINTS = (*KILLED_AT, FIRST_OFFSETS)
INSIDE = (AFTER_FIRST_OUTPUT, BEFORE_OFFSETS, AFTER_OFFSETS, BEFORE_COMMIT)
ACTIONS = ("kill", "stop", "pause")
# seconds after a stop: the client notices that the group went on without it
NOTICE = 3.0


def action(name: str, status: Path) -> Action:
    """What happens at the point."""
    if name == "kill":
        return lambda: os.kill(os.getpid(), signal.SIGKILL)
    return _stop if name == "stop" else lambda: _pause(pause_file(status))


def pause_file(status: Path) -> Path:
    """It is there while the child of that status pauses; whoever removes it lets the child go on."""
    return status.with_suffix(".pause")


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(NOTICE)


def _pause(file: Path) -> None:
    file.touch()
    while file.exists():
        time.sleep(0.02)


def arm(point: str, at: int, act: Action) -> None:
    """Let `act` happen once, at the first such point from transaction number `at` on, or at that many restored
    profiles.

    What was sent before the point is on the broker by then.
    """
    if point == IN_RESTORE:
        _arm_restore(at, act)
    elif point == FIRST_OFFSETS:
        _arm_first_offsets(act)
    else:
        _Trap(point, at, act).set()


class _Trap:
    def __init__(self, point: str, at: int, act: Action) -> None:
        self._point, self._at, self._act = point, at, act
        self._transaction = 0

    def set(self) -> None:
        begin, send = TransactionalProducer.begin, TransactionalProducer.send
        send_offsets, commit = TransactionalProducer.send_offsets, TransactionalProducer.commit

        def counted_begin(producer: TransactionalProducer) -> None:
            self._transaction += 1
            begin(producer)

        def trapped_send(producer: TransactionalProducer, *arguments: Any) -> None:
            send(producer, *arguments)
            self._spring(producer, AFTER_FIRST_OUTPUT)

        def trapped_offsets(producer: TransactionalProducer, *arguments: Any) -> None:
            self._spring(producer, BEFORE_OFFSETS)
            send_offsets(producer, *arguments)
            self._spring(producer, AFTER_OFFSETS, flush=False)

        def trapped_commit(producer: TransactionalProducer) -> None:
            self._spring(producer, BEFORE_COMMIT)
            commit(producer)
            self._spring(producer, AFTER_COMMIT, flush=False)

        steps = {
            "begin": counted_begin,
            "send": trapped_send,
            "send_offsets": trapped_offsets,
            "commit": trapped_commit,
        }
        for name, step in steps.items():
            setattr(TransactionalProducer, name, step)

    def _spring(self, producer: TransactionalProducer, point: str, flush: bool = True) -> None:
        # or at a later one: the transaction of that number may have been aborted by a rebalance before it came here
        if point == self._point and 0 < self._at <= self._transaction:
            self._at = 0
            if flush:
                producer.flush()
            self._act()


def _arm_restore(at: int, act: Action) -> None:
    read = restore.batches_to_end
    seen = 0

    def trapped(*arguments: Any, **options: Any) -> Iterator[Any]:
        nonlocal seen
        for messages in read(*arguments, **options):
            before, seen = seen, seen + len(messages)
            if before < at <= seen:
                act()
            yield messages

    setattr(restore, "batches_to_end", trapped)  # noqa: B010


def _arm_first_offsets(act: Action) -> None:
    """Between the look where a partition that was never processed begins, and the first read; once."""
    look = FirstOffsets.of
    sprung = False

    def trapped(first: FirstOffsets, partition: int) -> int:
        nonlocal sprung
        begin = look(first, partition)
        if not sprung:
            sprung = True
            act()
        return begin

    setattr(FirstOffsets, "of", trapped)  # noqa: B010
