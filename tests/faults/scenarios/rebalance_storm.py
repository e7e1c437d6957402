"""Members join and leave every second or so, by SIGTERM or SIGKILL, under load."""

from __future__ import annotations

import time

from arena import Arena

ROUNDS, MOST = 10, 4


def scenario(arena: Arena) -> None:
    with arena.load(10_000_000):
        here = [arena.start("steady")]
        here[0].wait_ready()
        for number in range(ROUNDS):
            time.sleep(arena.random.uniform(0.5, 1.3))
            if len(here) == MOST or (len(here) > 1 and arena.random.random() < 0.4):
                leaving = here.pop(arena.random.randrange(1, len(here)))
                if arena.random.random() < 0.5:
                    arena.kill(leaving)
                else:
                    leaving.stop()
                    leaving.killed = True
            else:
                here.append(arena.start(f"comer{number}"))
