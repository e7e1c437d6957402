from __future__ import annotations

from collections import Counter

import pytest

from processors.storm import RefusalStorm, StormGuard


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_most_of_ten_thousand_refused_is_a_storm() -> None:
    with pytest.raises(RefusalStorm, match=r"5,001 of 10,000 .*unknown-schema 5,000, event-time 1\b"):
        StormGuard().check(10_000, Counter({"unknown-schema": 5000, "event-time": 1}))


@pytest.mark.parametrize(("events", "refused"), [(10_000, 5000), (9_999, 9_999), (1_000_000, 499_999)])
def test_half_of_them_or_few_events_are_none(events: int, refused: int) -> None:
    StormGuard().check(events, Counter({"event-time": refused}))


def test_batches_of_a_minute_count_together_and_older_ones_do_not() -> None:
    clock = Clock()
    guard = StormGuard(clock=clock)
    for _ in range(9):
        guard.check(1000, Counter(bad=900))
        guard.committed(1000, Counter(bad=900))
        clock.now += 5.0
    with pytest.raises(RefusalStorm, match="9,000 of 10,000"):
        guard.check(1000, Counter(bad=900))
    clock.now += 30.0
    guard.check(1000, Counter(bad=900))


def test_a_batch_that_was_not_committed_does_not_count_twice() -> None:
    guard = StormGuard()
    for _ in range(5):
        guard.check(6000, Counter(bad=6000))


def test_it_can_be_switched_off() -> None:
    guard = StormGuard(enabled=False)
    guard.check(20_000, Counter(bad=20_000))
    guard.committed(20_000, Counter(bad=20_000))
    guard.check(20_000, Counter(bad=20_000))
