"""Two processors of one machine with different homes: one transactional id, so they fence each other in turn.

One of them must end with an error that says so, before or after the other; nothing is lost, and nothing twice.
"""

from __future__ import annotations

from arena import Arena
from members import wait_for

ERROR = "they fence each other in turn"


def scenario(arena: Arena) -> None:
    with arena.load(10_000_000):
        both = [arena.start("one"), arena.start("other", home=arena.folder / "other")]
        wait_for("one of them gives up", lambda: any(not member.alive for member in both), 90)
        for member in both:
            if not member.alive:
                arena.require(ERROR in member.log.read_text(), f"ended otherwise: {member.last_words()}")
                member.killed = True
        if not any(member.alive for member in both):
            arena.start("third")
