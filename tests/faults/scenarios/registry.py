"""The registry is restarted in mid-stream; or it is away for long while an event with an unknown schema id comes.

Only the registry can say that an id is unknown: until it does, the event waits, and is no dead letter.
"""

from __future__ import annotations

import time

from arena import Arena
from members import wait_for

from avrogate.kafka import producer

STRANGE = b"\x00\x00\x0f\x42\x3f strange"


def _strange(arena: Arena) -> None:
    client = producer(arena.settings)
    for partition in range(4):
        client.produce(arena.catalog.stage_topic("raw"), STRANGE, b"somebody", partition)
    client.flush()


def _restarts(arena: Arena) -> None:
    with arena.load(10_000_000):
        arena.pair()
        for hard in (False, True):
            arena.registry_down(hard)
            arena.row.kills += 1
            _strange(arena)
            arena.stack_up()


def _outage(arena: Arena) -> None:
    with arena.load(10_000_000, rate=400.0):
        both = arena.pair()
        arena.registry_down()
        arena.row.kills += 1
        _strange(arena)
        begun = time.monotonic()
        for one in both:
            wait_for(f"{one.name} red", lambda one=one: "registry" in one.status["troubles"], 30)
        time.sleep(max(0.0, arena.profile.outage - (time.monotonic() - begun)))
        arena.require(arena.pending() > 0, "the unknown id did not wait for the registry")
        arena.stack_up()
    arena.settle()
    for one in both:
        wait_for(f"{one.name} green", lambda one=one: bool(one.status["healthy"]), 30)


cases = {"restarts": _restarts, "outage": _outage}
