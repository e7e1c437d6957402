"""Percentiles of the benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.percentiles import percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.5, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 0.75, 3.0),
        ([4.0, 1.0, 3.0, 2.0], 0.76, 4.0),
        ([float(value) for value in range(1, 101)], 0.95, 95.0),
        ([2.0, 1.0], 1.0, 2.0),
    ],
)
def test_so_many_of_the_values_are_at_most_that(values, share, expected):
    assert percentile(values, share) == expected
