"""What a processor has done so far, for its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from processors.records import Refused


@dataclass
class Tally:
    """Counts of committed work.

    `enriched` is by event, `refused` by reason, `refused_events` by event and reason ("" for what is no event),
    `rules` the refusals of each quality rule, `counted` what rules count.
    """

    enriched: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    refused_events: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    transactions: int = 0
    aborted: int = 0
    seconds: float = 0.0

    @property
    def events(self) -> int:
        """Raw events with an outcome."""
        return self.enriched.total() + self.refused.total()

    def add(
        self, enriched: Mapping[str, int], refused: Iterable[Refused], counts: Mapping[str, int], seconds: float
    ) -> None:
        """Add a committed batch: those that passed by event, those that did not, and the seconds it took."""
        self.enriched.update(enriched)
        for one in refused:
            self.refused[one.reason] += 1
            self.refused_events[one.event or "", one.reason] += 1
            if one.rule:
                self.rules[one.rule] += 1
        self.counted.update(counts)
        self.transactions += 1
        self.seconds += seconds
