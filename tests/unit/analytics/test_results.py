"""From records to numbers: which record a reader keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from analytics.results import BATCHES_APART, Fold, MinuteKpis, moment, ordered

NOON = 1_773_489_600_000
MINUTE = 60_000


def kpi(count: int, *, generation: int = 1, batch: int = 0, revision: int = 0, **given: Any) -> dict[str, Any]:
    return {
        "kpi": "purchases",
        "window_start": NOON,
        "dimensions": {},
        "count": count,
        "amount": None,
        "users": None,
        "generation": generation,
        "batch": batch,
        "revision": revision,
        **given,
    }


def progress(batch: int, watermark: int, late: int = 0, generation: int = 1) -> dict[str, Any]:
    return {"generation": generation, "batch": batch, "watermark": watermark, "late_events": late}


def folded(*records: dict[str, Any]) -> MinuteKpis:
    fold = Fold()
    for record in records:
        (fold.add_kpi if "kpi" in record else fold.add_progress)(record)
    return fold.result()


def test_nothing_published_is_no_numbers() -> None:
    assert folded() == MinuteKpis((), None, 0, None)


@pytest.mark.parametrize(
    ("records", "kept"),
    [
        ([kpi(1, batch=0), kpi(2, batch=1)], 2),
        ([kpi(2, batch=1), kpi(1, batch=0)], 2),
        ([kpi(2, batch=1), kpi(3, batch=0, revision=5)], 2),
        ([kpi(2, batch=1), kpi(3, batch=1, revision=1), kpi(2, batch=1)], 3),
        ([kpi(2, batch=1), kpi(9, batch=1)], 9),
        ([kpi(7, batch=9), kpi(1, generation=2)], 1),
        ([kpi(1, generation=2), kpi(7, batch=9)], 1),
    ],
    ids=["later batch", "out of order", "batch before revision", "revision", "same again", "generation", "old one"],
)
def test_the_greatest_is_kept(records: list[dict[str, Any]], kept: int) -> None:
    (row,) = folded(*records).rows
    assert row.count == kept


def test_a_new_generation_leaves_no_key_of_the_old_one() -> None:
    gone, stays = kpi(1, dimensions={"country": "Portugal"}), kpi(2, generation=2)
    for records in ([gone, progress(0, NOON, late=3), stays], [stays, gone, progress(0, NOON, late=3)]):
        result = folded(*records)
        assert [row.dimensions for row in result.rows] == [()]
        assert (result.watermark, result.late_events, result.generation) == (None, 0, 2)


def test_a_progress_of_a_new_generation_starts_it_as_well() -> None:
    assert folded(kpi(1), progress(0, 0, generation=2)) == MinuteKpis((), None, 0, 2)


def test_a_minute_is_final_when_the_watermark_has_passed_its_end() -> None:
    minutes = [kpi(1, window_start=NOON + n * MINUTE) for n in range(3)]
    result = folded(*minutes, progress(0, 0), progress(1, NOON + 2 * MINUTE))
    assert [row.final for row in result.rows] == [True, True, False]
    assert result.watermark == datetime(2026, 3, 14, 12, 2, tzinfo=UTC)


def test_a_batch_that_ran_twice_counts_its_late_events_once() -> None:
    assert folded(progress(3, 5, late=2), progress(3, 5, late=2), progress(4, 6, late=1)).late_events == 3


def test_keys_are_told_apart_and_rows_ordered() -> None:
    rows = folded(
        kpi(1, window_start=NOON + MINUTE),
        kpi(2, kpi="revenue", amount=Decimal("0.30")),
        kpi(3, dimensions={"b": "2", "a": "1"}),
        kpi(4, dimensions={"a": "1", "b": "3"}),
        kpi(5, dimensions={"a": "1", "b": "2"}, batch=1),
    ).rows
    assert [(row.kpi, row.dimensions, row.count) for row in rows] == [
        ("purchases", (("a", "1"), ("b", "2")), 5),
        ("purchases", (("a", "1"), ("b", "3")), 4),
        ("revenue", (), 2),
        ("purchases", (), 1),
    ]
    assert rows[2].amount == Decimal("0.30")


@pytest.mark.parametrize("milliseconds", [0, 1, 999, 1001, NOON + 7, 253_402_300_799_999])
def test_moments_are_exact(milliseconds: int) -> None:
    found = moment(milliseconds)
    assert (found - datetime(1970, 1, 1, tzinfo=UTC)) / (datetime.resolution * 1000) == milliseconds


def test_of_minutes_only_the_newest_are_kept_and_given() -> None:
    fold = Fold(keep=3)
    for minute in (1, 2, 9, 7, 6, 8, 5):
        fold.add_kpi(kpi(minute, window_start=NOON + minute * MINUTE))
    assert [row.count for row in fold.result().rows] == [7, 8, 9]
    assert [row.count for row in fold.result(minutes=2).rows] == [8, 9]
    fold.add_kpi(kpi(4, window_start=NOON, generation=2))
    assert [row.count for row in fold.result().rows] == [4]


def test_rows_come_in_order_however_they_were_read() -> None:
    fold = Fold()
    groups: list[dict[str, str]] = [{"country": "X"}, {"country": "A"}, {}]
    for minute in (3, 1, 2):
        for name, dimensions in (("revenue", {}), *(("b", group) for group in groups)):
            fold.add_kpi(kpi(1, kpi=name, dimensions=dimensions, window_start=NOON + minute * MINUTE))
    rows = fold.result().rows
    assert len(rows) == 12
    assert rows == ordered(rows)


def test_a_snapshot_stays_as_it_is() -> None:
    fold = Fold()
    fold.add_kpi(kpi(1, window_start=NOON))
    fold.add_kpi(kpi(2, window_start=NOON + MINUTE))
    fold.add_progress(progress(1, NOON, late=1))
    kept, newest, before = fold.snapshot(), fold.snapshot(minutes=1), fold.result()
    fold.add_kpi(kpi(9, window_start=NOON + MINUTE, batch=9))
    fold.add_progress(progress(2, NOON + MINUTE, late=1))
    assert kept.result() == before
    assert [row.count for row in newest.result().rows] == [2]
    assert [row.count for row in fold.result().rows] == [1, 9]


def test_late_events_of_many_batches_take_no_room() -> None:
    fold = Fold()
    for batch in range(5 * BATCHES_APART):
        for _ in range(2):
            fold.add_progress(progress(batch, batch, late=1))
    assert fold.result().late_events == 5 * BATCHES_APART
    assert len(fold.progress) == BATCHES_APART
    assert fold.result().watermark == moment(5 * BATCHES_APART - 1)
