"""The very first start: one processor is held up when it has found out where to begin.

It is stopped for longer than its session lasts. Meanwhile another does all there is and leaves: the late one must not
begin again where it meant to.
"""

from __future__ import annotations

import signal

import points
from arena import Arena

EVENTS = 3000


def scenario(arena: Arena) -> None:
    arena.fill(EVENTS)
    late = arena.start("late", point=points.FIRST_OFFSETS, then="stop")
    late.wait_stopped()
    other = arena.start("other")
    other.wait_ready()
    arena.settle()
    other.stop()
    other.killed = True
    late.send(signal.SIGCONT)
    late.wait_ready()
    arena.settle()
