from __future__ import annotations

import pytest

from processors.stalls import GRACE, SILENCE, Stalls


class Reading:
    """A clock, how far the partitions reach, and who asked."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.ends: dict[int, int | None] = {0: 5, 1: 5}
        self.asked: list[int] = []
        self.stalls = Stalls(lambda: self.now)

    def after(self, seconds: float) -> list[int]:
        self.now += seconds
        return self.stalls.found([*self.ends], self._end)

    def _end(self, partition: int) -> int | None:
        self.asked.append(partition)
        return self.ends[partition]


@pytest.fixture
def reading() -> Reading:
    one = Reading()
    one.after(GRACE)
    for partition in one.ends:
        one.stalls.reached(partition, 5)
    return one


def test_one_that_is_read_to_its_end_does_not_stand(reading: Reading) -> None:
    assert not any(reading.after(GRACE) for _ in range(50))
    assert set(reading.asked) == {0, 1}


def test_nobody_is_asked_while_records_come(reading: Reading) -> None:
    for offset in range(6, 100):
        for partition in reading.ends:
            reading.stalls.reached(partition, offset)
        assert not reading.after(GRACE)
    assert not reading.asked


def test_one_that_has_more_and_gives_nothing_stands(reading: Reading) -> None:
    reading.ends[1] = 6
    assert reading.after(SILENCE) == []
    assert reading.after(GRACE) == [1]


def test_one_that_had_more_and_gave_it_does_not_stand(reading: Reading) -> None:
    reading.ends[1] = 6
    assert reading.after(SILENCE) == []
    reading.stalls.reached(1, 6)
    assert reading.after(GRACE) == []


def test_an_end_behind_markers_of_a_transaction_is_where_it_ends(reading: Reading) -> None:
    """The last record's offset and one is not the end then, but the client says when it is there."""
    reading.ends[1] = 8
    reading.stalls.reached(1, 6)
    reading.stalls.reached(1, 8)
    assert not any(reading.after(GRACE) for _ in range(20))


def test_without_an_answer_nothing_is_known(reading: Reading) -> None:
    reading.ends = {0: None, 1: 6}
    assert not any(reading.after(GRACE) for _ in range(20))
    assert 1 not in reading.asked


def test_one_that_was_just_taken_over_has_its_time(reading: Reading) -> None:
    reading.ends[2] = 7
    assert reading.after(GRACE) == []
    assert reading.after(GRACE) == []
    assert 2 not in reading.asked
    assert reading.after(SILENCE) == []
    assert reading.after(GRACE) == [2], "it has more, and never said anything"


def test_what_is_read_anew_has_its_time(reading: Reading) -> None:
    reading.ends[1] = 6
    reading.after(SILENCE)
    reading.stalls.forget()
    assert reading.after(GRACE) == []


def test_one_that_was_rewound_and_gives_nothing_stands(reading: Reading) -> None:
    reading.stalls.read_from(1, 3)
    assert reading.after(SILENCE) == []
    assert reading.after(GRACE) == [1]


def test_one_that_stands_again_has_twice_the_time(reading: Reading) -> None:
    reading.ends[1] = 6
    reading.after(SILENCE)
    assert reading.after(GRACE) == [1]
    reading.stalls.read_from(1, 5)
    assert reading.after(SILENCE) == reading.after(GRACE) == []
    assert reading.after(SILENCE) == [], "suspected only now"
    assert reading.after(GRACE) == [1]
    reading.stalls.reached(1, 6)
    reading.ends[1] = 7
    reading.after(SILENCE)
    assert reading.after(GRACE) == [1]
