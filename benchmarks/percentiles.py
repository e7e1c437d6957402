"""Percentiles, as a person counts them: so many of the values are at most that."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (more than 0, up to 1) of all values do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
