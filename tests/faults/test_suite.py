"""The suite finds what is wrong with processors that are wrong on purpose, and nothing with the real one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from arena import Profile
from run import run_all, scenarios

if TYPE_CHECKING:
    from arena import Row

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

SEED = 1
# where each wrong processor must show: what a kill cuts off, and a batch that is done again
INSIDE, AFTER, AGAIN = "point-after-first-output", "point-after-commit", "smaller-topics"
JOBS = {
    "sound inside": (INSIDE, None),
    "offsets before": (INSIDE, "offsets-before"),
    "sound after": (AFTER, None),
    "offsets after": (AFTER, "offsets-after"),
    "sound again": (AGAIN, None),
    "profiles early": (AGAIN, "profiles-early"),
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    named = {scenario.name: scenario for scenario in scenarios()}
    jobs = [(named[name], Profile(seed=SEED, broken=broken)) for name, broken in JOBS.values()]
    return dict(zip(JOBS, run_all(jobs, tmp_path_factory.mktemp("faults"), lanes=2), strict=True))


def test_the_real_processor_is_clean(rows: dict[str, Row]) -> None:
    assert all(rows[name].clean for name in ("sound inside", "sound after", "sound again")), rows
    assert rows["sound inside"].cut_off > 0 and rows["sound again"].aborted > 0


def test_offsets_committed_before_the_transaction_lose_events(rows: dict[str, Row]) -> None:
    found = rows["offsets before"]
    assert found.lost > 0 and found.events > 0, found
    assert not found.clean


def test_offsets_committed_after_the_transaction_do_events_twice(rows: dict[str, Row]) -> None:
    found = rows["offsets after"]
    assert found.duplicated > 0 and not found.lost, found
    assert not found.clean


def test_profiles_merged_before_the_commit_are_wrong(rows: dict[str, Row]) -> None:
    found = rows["profiles early"]
    assert found.wrong > 0 and not found.lost and not found.duplicated, found
    assert not found.clean
