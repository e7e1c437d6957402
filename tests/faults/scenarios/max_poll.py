"""A batch takes longer than max.poll.interval: the group goes on without the processor, and its batch is aborted."""

from __future__ import annotations

import time

import points
from arena import SESSION, Arena
from members import wait_for

INTERVAL = 7.0


def scenario(arena: Arena) -> None:
    arena.aborted = 1
    arena.extra["AVROGATE_KAFKA_MAX_POLL_INTERVAL_MS"] = str(int(INTERVAL * 1000))
    # of the consumers that are no members, too: it may not be the longer one
    arena.extra["AVROGATE_KAFKA_SESSION_TIMEOUT_MS"] = str(int(SESSION * 1000))
    with arena.load():
        slow = arena.start("slow", point=points.BEFORE_OFFSETS, at=4, then="pause")
        slow.wait_paused()
        arena.start("other")
        time.sleep(INTERVAL + 1)
        slow.go_on()
        wait_for("the slow batch is aborted", lambda: slow.status["aborted"] > 0, 15)
