"""SIGKILL at each named point of a transaction, and in the middle of a restore; a second processor runs.

Which transaction it is follows from the seed. The killed one is started again, into its old transactional id, and in
`each` it is killed again, at the next point.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import points
from arena import Arena
from members import wait_for

RESTORED = 40
# a processor that is started restores its half of them
PROFILES = 4 * RESTORED


def _killed_at(named: tuple[str, ...], arena: Arena) -> None:
    arena.cut_off = len(set(named) & set(points.INSIDE))
    with arena.load(10_000_000, rate=500.0):
        other = arena.start("other")
        other.wait_ready()
        for point in named:
            at = arena.random.randint(2, 8)
            if point == points.IN_RESTORE:
                at = arena.random.randint(5, RESTORED)
                wait_for("profiles to restore", lambda: other.status["profiles"] > PROFILES)
            arena.start(f"doomed-{point}", point=point, at=at).wait_killed()
            arena.row.kills += 1
        arena.start("again").wait_ready()


cases: dict[str, Callable[[Arena], None]] = {point: partial(_killed_at, (point,)) for point in points.KILLED_AT}
SELDOM = tuple(cases)
cases["each"] = partial(_killed_at, points.KILLED_AT)
