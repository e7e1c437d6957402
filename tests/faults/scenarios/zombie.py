"""SIGSTOP for longer than the session lasts: another takes over, and what wakes up later must not get its way.

Stopped at a random moment; with a batch whose outputs are written and whose offsets are not sent yet; and for so long
that the broker ends its transaction.
"""

from __future__ import annotations

import signal
import time

import points
from arena import SESSION, Arena
from members import wait_for

MORE = 2.0
# seconds: the broker ends a transaction after 60, and looks every 10
LONG = 80.0


def _stopped_at_any_time(arena: Arena) -> None:
    with arena.load():
        both = arena.pair()
        time.sleep(arena.random.uniform(0.2, 1.2))
        both[0].send(signal.SIGSTOP)
        time.sleep(SESSION + MORE)
        both[0].send(signal.SIGCONT)
        time.sleep(MORE)


def _stopped_in_a_batch(arena: Arena) -> None:
    arena.aborted = 1
    with arena.load():
        zombie = arena.start("zombie", point=points.BEFORE_OFFSETS, at=4, then="stop")
        zombie.wait_stopped()
        arena.start("successor")
        # the successor waits for the zombie's open transaction before it restores: see the broker's time-out
        time.sleep(SESSION + MORE)
        zombie.send(signal.SIGCONT)
        wait_for("the zombie's batch is aborted", lambda: zombie.status["aborted"] > 0, points.NOTICE + 10)


def _stopped_for_long(arena: Arena) -> None:
    arena.cut_off = 1
    with arena.load(10_000_000, rate=200.0):
        one = arena.start("one", point=points.BEFORE_COMMIT, at=4, then="stop")
        one.wait_stopped()
        arena.start("other")
        time.sleep(LONG)
        one.send(signal.SIGCONT)
        wait_for("its batch is done again", lambda: one.status["aborted"] > 0, points.NOTICE + 10)


cases = {"any-time": _stopped_at_any_time, "in-batch": _stopped_in_a_batch, "for-long": _stopped_for_long}
SELDOM = ("for-long",)
