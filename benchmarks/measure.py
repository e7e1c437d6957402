"""What `make bench` measures: a file of `benchmarks/measures` each, found by scanning that folder.

A file offers `MEASURES`, the rows that it fills, and `run`, which measures them together: what is compared takes
turns within one run, as the machine's speed changes from minute to minute.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from avrogate.settings import Settings

Verdict = Literal["met", "acceptable", "missed"]
# what a bench must be able to tell apart
RESOLUTION = 0.10


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One row: ours against a peer or a limit as a ratio, or against nothing (`other` is empty) in its own unit.

    `bound` says whether the figure must be at least or at most `target`; `acceptable` is the weaker one of now.
    """

    name: str
    ours: str
    other: str = ""
    unit: str
    bound: Literal["at least", "at most"]
    target: float
    acceptable: float

    def verdict(self, figure: float) -> Verdict:
        """What a figure is worth."""
        sign = 1 if self.bound == "at least" else -1
        if sign * figure >= sign * self.target:
            return "met"
        return "acceptable" if sign * figure >= sign * self.acceptable else "missed"


@dataclass
class Figures:
    """What was measured of a row, in its unit, one figure a round; `other` is empty where there is no peer.

    `ours` is empty if it could not be measured; `notes` say why then.
    """

    ours: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def figure(self) -> float:
        """Median of ours over median of the other, or the median of ours where there is no other."""
        ours = statistics.median(self.ours)
        return ours / statistics.median(self.other) if self.other else ours

    @property
    def spread(self) -> float:
        """Half of the distance between the quartiles of the rounds (of their ratios), as a part of the median.

        Beyond `RESOLUTION` the row cannot tell a change of a tenth from noise.
        """
        each = (
            [mine / theirs for mine, theirs in zip(self.ours, self.other, strict=True)] if self.other else self.ours
        )
        if len(each) < 2:
            return 0.0
        first, middle, third = statistics.quantiles(each, n=4, method="inclusive")
        return (third - first) / 2 / middle


@dataclass(frozen=True)
class Bench:
    """What a measure gets: a running stack and a folder of its own, how often and how much, and who listens.

    `only` is a part of the names of the rows that somebody wants to see; all of them if it is empty.
    """

    settings: Settings
    home: Path
    rounds: int
    events: int
    say: Callable[[str], None]
    only: str = ""

    def wants(self, *measures: Measure) -> bool:
        """Whether somebody wants to see one of these rows."""
        return any(self.only.lower() in measure.name.lower() for measure in measures)
