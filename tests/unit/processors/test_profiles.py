from __future__ import annotations

import random

import pytest

from processors.profiles import Profiles
from processors.records import Profile


def profile(time: int, offset: int, country: str = "Portugal") -> Profile:
    return Profile(time, offset, country, "IOS")


@pytest.fixture
def profiles() -> Profiles:
    return Profiles({0: {"ann": profile(1000, 5)}, 1: {}})


@pytest.mark.parametrize(
    ("time", "offset", "taken"),
    [(1001, 6, True), (1000, 6, True), (1000, 5, False), (999, 6, False), (1001, 4, True)],
)
def test_the_greater_event_time_then_the_greater_offset_wins(
    profiles: Profiles, time: int, offset: int, taken: bool
) -> None:
    assert profiles.overlay().offer(0, "ann", profile(time, offset)) is taken


def test_changes_are_seen_by_the_batch_and_by_nobody_else_until_merged(profiles: Profiles) -> None:
    overlay = profiles.overlay()
    newest = profile(2000, 9)
    overlay.offer(0, "ann", newest)
    overlay.offer(1, "bob", newest)
    assert overlay.get(0, "ann") == overlay.get(1, "bob") == newest
    assert profiles.overlay().get(0, "ann") == profile(1000, 5)
    assert profiles.overlay().get(1, "bob") is None
    overlay.merge()
    assert profiles.overlay().get(0, "ann") == profiles.overlay().get(1, "bob") == newest
    assert list(overlay) == []


def test_a_dropped_overlay_leaves_no_trace(profiles: Profiles) -> None:
    profiles.overlay().offer(0, "ann", profile(2000, 9))
    assert profiles.partitions == {0: {"ann": profile(1000, 5)}, 1: {}}


def test_partitions_do_not_see_each_other(profiles: Profiles) -> None:
    overlay = profiles.overlay()
    assert overlay.get(1, "ann") is None
    overlay.offer(1, "ann", profile(1, 1))
    overlay.merge()
    assert profiles.partitions[0]["ann"] == profile(1000, 5)
    profiles.drop(0)
    assert len(profiles) == 1


def test_the_state_does_not_depend_on_how_the_log_is_cut_into_batches() -> None:
    random_ = random.Random(7)
    log = [(f"user-{random_.randrange(5)}", profile(random_.randrange(50), offset)) for offset in range(200)]

    def state(size: int) -> dict[str, Profile]:
        profiles = Profiles({0: {}})
        for start in range(0, len(log), size):
            overlay = profiles.overlay()
            for user, one in log[start : start + size]:
                overlay.offer(0, user, one)
            overlay.merge()
        return profiles.partitions[0]

    assert state(1) == state(7) == state(200)
    assert state(1)["user-0"] == max(
        (one for user, one in log if user == "user-0"), key=lambda one: (one.time, one.offset)
    )
