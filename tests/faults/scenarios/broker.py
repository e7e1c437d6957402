"""The broker is stopped or killed in mid-stream and started again; or it is away for long in mid-transaction.

An outage is not an event's fault: no dead letter comes of it, health is red meanwhile, and it goes on by itself.
"""

from __future__ import annotations

import time

import points
from arena import Arena
from members import wait_for


def _restarts(arena: Arena) -> None:
    with arena.load(10_000_000):
        arena.pair()
        for hard in (False, True):
            time.sleep(arena.random.uniform(0.5, 1.5))
            arena.broker_down(hard)
            arena.row.kills += 1
            arena.stack_up()
            time.sleep(1)


def _outage(arena: Arena) -> None:
    with arena.load(10_000_000, rate=400.0):
        other, one = arena.start("other"), arena.start("one", point=points.BEFORE_COMMIT, at=4, then="pause")
        one.wait_paused()
        arena.broker_down(hard=True)
        arena.row.kills += 1
        one.go_on()
        red = time.monotonic()
        for member in (other, one):
            wait_for(f"{member.name} red", lambda member=member: not member.status["healthy"], 30)
        time.sleep(max(0.0, arena.profile.outage - (time.monotonic() - red)))
        arena.stack_up()
    arena.settle()
    for member in (other, one):
        wait_for(f"{member.name} green", lambda member=member: bool(member.status["healthy"]), 30)


cases = {"restarts": _restarts, "outage": _outage}
