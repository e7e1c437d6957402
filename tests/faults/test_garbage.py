"""Garbage: no crash, nothing lost, each refused record kept byte for byte, the rest with the oracle's outcome."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from conftest import by_path
from processors.run import process

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack
HERE = Path(__file__).parent


def test_garbage_has_the_outcomes_that_the_oracle_says(platform: Platform) -> None:
    settings = platform.settings.model_copy(update={"storm_guard": False})
    spoilt = by_path(HERE / "garbage.py").produce_garbage(settings, platform.catalog, 3000, seed=11)
    assert 1500 < spoilt < 2500
    tally = process(settings, Event(), until_idle=0.5, catalog=platform.catalog)
    verdict = by_path(HERE / "oracle.py").compare(settings, platform.catalog)
    assert verdict.right, verdict.samples
    assert (verdict.events, verdict.pending) == (3000, 0)
    assert verdict.profiles > 0 and verdict.enriched > 800
    reasons = {"undecodable", "trailing-bytes", "unknown-schema", "unexpected-schema", "tombstone", "misplaced-key"}
    assert reasons <= set(tally.refused)
