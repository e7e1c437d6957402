"""SIGKILL of one of two processors at random moments under load; it is started again each time."""

from __future__ import annotations

import time

from arena import Arena
from members import wait_for

# so small that a processor is in a transaction most of the time
BATCH = 25
# so often it is killed whatever it does: starting, most of the time
STARTING = 0.3


def scenario(arena: Arena) -> None:
    arena.cut_off = 1
    with arena.load(10_000_000, rate=1500.0):
        both = [arena.start(name, batch=BATCH) for name in ("first", "second")]
        for one in both:
            one.wait_ready()
        for number in range(arena.profile.kills):
            which = arena.random.randrange(2)
            if arena.random.random() < STARTING:
                time.sleep(arena.random.uniform(0.3, 2.0))
            else:
                wait_for(f"{both[which].name} at work", lambda one=both[which]: one.status.get("transactions", 0) > 0)
                time.sleep(arena.random.uniform(0.0, 1.0))
            arena.kill(both[which])
            both[which] = arena.start(f"again{number}", batch=BATCH)
        for one in both:
            one.wait_ready()
