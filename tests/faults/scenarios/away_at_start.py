"""Broker and registry are away when two processors start; both come later."""

from __future__ import annotations

import time

from arena import Arena
from members import wait_for


def scenario(arena: Arena) -> None:
    arena.fill(3000)
    arena.broker_down()
    arena.registry_down()
    both = [arena.start("first"), arena.start("second")]
    for one in both:
        wait_for(f"{one.name} red", lambda one=one: one.alive and one.status.get("healthy") is False, 30)
    time.sleep(2)
    arena.stack_up()
    for one in both:
        one.wait_ready()
