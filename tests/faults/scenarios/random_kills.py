"""SIGKILL of one of two processors at random moments under load; it is started again each time."""

from __future__ import annotations

import time

from arena import Arena

# so small that a processor is in a transaction most of the time
BATCH = 25


def scenario(arena: Arena) -> None:
    arena.cut_off = 1
    with arena.load(10_000_000, rate=1500.0):
        both = [arena.start(name, batch=BATCH) for name in ("first", "second")]
        for one in both:
            one.wait_ready()
        for number in range(arena.profile.kills):
            time.sleep(arena.random.uniform(0.3, 2.0))
            which = arena.random.randrange(2)
            arena.kill(both[which])
            both[which] = arena.start(f"again{number}", batch=BATCH)
            if arena.random.random() < 0.5:  # or it is killed while it starts
                both[which].wait_ready()
        for one in both:
            one.wait_ready()
