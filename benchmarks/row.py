"""A row of the table: a measure, and what was measured of it."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.measure import RESOLUTION, Figures, Measure, Verdict


@dataclass(frozen=True)
class Row:
    """`trouble` says why there are no figures."""

    measure: Measure
    figures: Figures = field(default_factory=Figures)
    trouble: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """What the figure is worth; None if there is none."""
        return None if self.trouble else self.measure.verdict(self.figures.figure)

    @property
    def is_blurred(self) -> bool:
        """Whether the rounds differ too much to tell a change of a tenth."""
        return not self.trouble and self.figures.spread > RESOLUTION

    @property
    def ours(self) -> str:
        """Our median, with its unit."""
        return "" if self.trouble else quantity(statistics.median(self.figures.ours), self.measure.unit)

    @property
    def other(self) -> str:
        """The peer's or limit's median, with its name."""
        if self.trouble or not self.figures.other:
            return self.measure.other
        return f"{quantity(statistics.median(self.figures.other), self.measure.unit)} ({self.measure.other})"

    @property
    def figure(self) -> str:
        """The ratio, or nothing for a row without another."""
        return "" if self.trouble or not self.figures.other else f"{self.figures.figure:.3g}"

    @property
    def target(self) -> str:
        """What the figure should be, and what will do for now."""
        bound, measure = "≥" if self.measure.bound == "at least" else "≤", self.measure
        weaker = "" if measure.acceptable == measure.target else f" ({measure.acceptable:g})"
        return f"{bound} {measure.target:g}{weaker}"

    def plain(self) -> dict[str, Any]:
        """Everything about it, for a JSON file."""
        measured: dict[str, Any] = {"trouble": self.trouble}
        if not self.trouble:
            figures = self.figures
            measured = {"figure": figures.figure, "spread": figures.spread, "verdict": self.verdict}
            measured |= {"blurred": self.is_blurred, "rounds": {"ours": figures.ours, "other": figures.other}}
        return asdict(self.measure) | measured | {"notes": self.figures.notes}


def row(measure: Measure, measured: dict[str, Figures]) -> Row:
    """The row of a measure, as its file gave it."""
    figures = measured.get(measure.name)
    if figures is None:
        return Row(measure, trouble="not measured")
    if not figures.ours:
        return Row(measure, figures, "; ".join(figures.notes) or "not measured")
    if len(figures.other) not in (0, len(figures.ours)):
        return Row(measure, figures, f"{len(figures.ours)} rounds of ours, {len(figures.other)} of the other")
    return Row(measure, figures)


def quantity(value: float, unit: str) -> str:
    """A number as people read it: three digits that count, and its unit."""
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3g} {unit}"
    return f"{value:,.0f} {unit}" if abs(value) >= 1000 else f"{value:.2e} {unit}"
