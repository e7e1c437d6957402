"""Mutated payloads through two processors: none crashes them, none is lost, each dead letter has the exact bytes."""

from __future__ import annotations

import importlib

from arena import Arena

BATCH = 10_000


def scenario(arena: Arena) -> None:
    # by its name: this file is called the same
    spoilt = importlib.import_module("garbage").produce_garbage(
        arena.settings, arena.catalog, arena.profile.payloads, arena.profile.seed
    )
    arena.require(spoilt > arena.profile.payloads / 2, f"only {spoilt} payloads were spoilt")
    arena.start("first", batch=BATCH)
    arena.start("second", batch=BATCH)
    arena.events = arena.profile.payloads
