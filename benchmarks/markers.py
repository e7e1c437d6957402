"""Purchases that can be found again in the minute KPIs: one user, alone in a country, buys at a steady pace.

All of the user's events take one way, in order: a minute's number of purchases in that country says which of them
are in it. So the first value of a minute that counts `n` of them is where the n-th one has arrived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from producers.source import Event

# nobody else lives there: it has a code that ISO has not assigned, and the generator draws only those that it has
CODE, COUNTRY, USER = "XK", "Kosovo", "the-marker"
KPI = "revenue-by-country"
MINUTE_MS = 60_000


def opened(now: float) -> Event:
    """The user opens the game, which says the country."""
    return {"event-type": "init", "time": int(now), "user-id": USER, "country": CODE, "platform": "web"}


def bought(now: float) -> Event:
    """A purchase."""
    return {
        "event-type": "in-app-purchase",
        "time": int(now),
        "purchase_value": 1,
        "user-id": USER,
        "product-id": "marker",
    }


@dataclass
class Markers:
    """When each marker was sent, by its minute, and when each was first counted; in seconds since 1970."""

    sent: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def send(self, now: float) -> Event:
        """The next marker, and remember it."""
        self.sent[int(now) * 1000 // MINUTE_MS * MINUTE_MS].append(now)
        return bought(now)

    def take(self, record: Mapping[str, Any], now: float) -> None:
        """Look at a MinuteKpi that was read at `now`."""
        if record["kpi"] == KPI and record["dimensions"] == {"country": COUNTRY}:
            seen = self.seen[record["window_start"]]
            seen.extend([now] * (record["count"] - len(seen)))

    def latencies(self, since: float = 0.0) -> Iterator[float]:
        """Seconds from sent to counted, of those that were sent since then and have been counted."""
        for minute, sent in self.sent.items():
            pairs = zip(sent, self.seen[minute], strict=False)
            yield from (seen - each for each, seen in pairs if each >= since)

    @property
    def missing(self) -> int:
        """How many are not counted yet."""
        return sum(len(sent) - len(self.seen[minute]) for minute, sent in self.sent.items())
