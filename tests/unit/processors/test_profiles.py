from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.profile_log import ProfileLog
from processors.profiles import SPARE, Partition, Profiles
from processors.records import Profile

sys.path.insert(0, str(Path(__file__).parents[2] / "doubles"))  # tests are in no package

from profile_records import Counted, Message, written


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


PARTITIONS = (0, 1)
OFFERS = st.tuples(
    st.sampled_from(PARTITIONS),
    st.sampled_from(["ann", "bob", "é"]),
    st.integers(0, 5),
    st.sampled_from(["Portugal", "Spain", ""]),
)
ENDS = st.sampled_from(["commit", "abort", "crash before the commit", "crash after the commit", "compact"])
State = dict[int, dict[str, Profile]]


class Life:
    """A processor that commits, aborts and crashes; `log` is what its profile topic holds."""

    def __init__(self) -> None:
        self.log: list[tuple[int, str, Profile]] = []
        self.offered: list[tuple[int, str, Profile]] = []
        self.restart()

    def restart(self) -> None:
        partitions = {partition: Partition() for partition in PARTITIONS}
        values = [(part, written((user, *profile))) for part, user, profile in self.log]
        messages: list[Any] = [Message(value, partition=part) for part, value in values]
        ProfileLog(Counted()).fold(partitions, messages)
        self.profiles = Profiles(partitions)

    def batch(self, offers: list[tuple[int, str, Profile]], end: str) -> None:
        overlay = self.profiles.overlay()
        for offer in offers:
            overlay.offer(*offer)
        if end in ("commit", "crash after the commit", "compact"):
            self.log += overlay
            self.offered += offers
        if end in ("commit", "compact"):
            overlay.merge()
        if end == "compact":
            newest = {(part, user): profile for part, user, profile in self.log}
            self.log = [(part, user, profile) for (part, user), profile in newest.items()]
        if end.startswith("crash"):
            self.restart()


def fold(log: list[tuple[int, str, Profile]]) -> State:
    state: State = {partition: {} for partition in PARTITIONS}
    for partition, user, one in log:
        state[partition][user] = one
    return state


@given(st.lists(st.tuples(st.lists(OFFERS, max_size=6), ENDS), max_size=12))
def test_whatever_happens_the_state_is_the_fold_of_the_log(history: list[tuple[list[Any], str]]) -> None:
    life, offset = Life(), 0
    for offers, end in history:
        batch = []
        for partition, user, time, country in offers:
            offset += 1
            batch.append((partition, user, profile(time, offset, country)))
        life.batch(batch, end)
        assert life.profiles.partitions == fold(life.log)
    assert fold(life.log) == fold(sorted(life.offered, key=lambda one: (one[2].time, one[2].offset)))


def test_places_that_nobody_is_at_are_cleared_away() -> None:
    partition = Partition({"ann": profile(0, 0)})
    for number in range(3 * SPARE):
        partition["bob"] = profile(number, number, f"country {number}")
    assert len(partition._places) <= SPARE + 1
    assert partition == {"ann": profile(0, 0), "bob": profile(number, number, f"country {number}")}
