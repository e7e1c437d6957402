"""What the dashboard knows, from three readers in threads of their own."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock

from analytics.dashboard.letters import LETTER, Letters
from analytics.dashboard.pulse import STAGES, Beat, Pulse
from analytics.dashboard.view import Known, View, view
from analytics.kpi_reader import KEEP, KPI, KpiReader
from analytics.kpis import Kpi, shipped_kpis
from avrogate.health import Health, Trouble
from avrogate.kafka_following import Follower
from avrogate.settings import Settings
from schemas.catalog import Catalog

__all__ = ["Board", "Source", "open_board"]

# seconds from a view to the next one of as many minutes: six hours by 120 countries take half a second of a core
APART = 2.0


@dataclass(frozen=True)
class Source:
    """Where a board reads: a platform, and whose lag it shows."""

    settings: Settings
    catalog: Catalog
    group: str
    kpis: tuple[Kpi, ...] | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that a board follows or looks at."""
        followed = [self.catalog.topic_of("pipeline", event) for event in (KPI, LETTER)]
        return (*followed, *map(self.catalog.stage_topic, STAGES))


@dataclass
class Kept:
    """The newest view of a number of minutes, of which state it is, and when it was made."""

    lock: Lock = field(default_factory=Lock)
    view: View | None = None
    state: object = None
    made: float = 0.0


class Board:
    """The numbers of this moment as views: one for each number of minutes, that all who look at it share; made anew
    when something changed, and APART seconds after the one before at the earliest.
    """

    def __init__(self, source: Source, clock: Callable[[], float] = time.monotonic) -> None:
        settings, catalog = source.settings, source.catalog
        self.kpis = shipped_kpis() if source.kpis is None else source.kpis
        self.reader = KpiReader(settings, catalog, KEEP)
        self.letters = Letters(settings, catalog)
        self.pulse = Pulse(settings, catalog, source.group)
        self._followers: tuple[Follower, ...] = ()
        self._clock = clock
        self._kept: dict[int, Kept] = defaultdict(Kept)

    @contextmanager
    def reading(self) -> Iterator[Board]:
        """Read while the block runs."""
        with ExitStack() as stack:
            started = (self.reader.following(), self.letters.following())
            self._followers = tuple(stack.enter_context(one) for one in started)
            stack.enter_context(self.pulse.beating())
            yield self

    def view(self, minutes: int) -> View:
        """The newest numbers, APART seconds old at most; the same object as before if nothing changed."""
        kept = self._kept[minutes]
        with kept.lock:
            if kept.view is not None and self._clock() < kept.made + APART:
                return kept.view
            version, troubles = self.reader.version, self.troubles
            state = version, sum(self.letters.counts.values()), self.beat, tuple(troubles), self.done
            if kept.view is None or kept.state != state:
                kept.view, kept.state = self._made(minutes, troubles), state
                kept.made = self._clock()
            return kept.view

    def _made(self, minutes: int, troubles: list[Trouble]) -> View:
        published = self.reader.published
        results = self.reader.result(minutes)
        known = Known(results, self.letters.counts, self.beat, troubles, self.done, published)
        return view(known, self.kpis, minutes)

    @property
    def beat(self) -> Beat:
        """The newest look at the pipeline."""
        return self.pulse.beat

    @property
    def done(self) -> float:
        """Which share of the KPIs that were there at the start has been read."""
        return self._followers[0].done if self._followers else 0.0

    @property
    def troubles(self) -> list[Trouble]:
        """What keeps the readers from reading, each trouble once, the longest first."""
        found = [trouble for health in self._healths for trouble in health.troubles.values()]
        first = {trouble.message: trouble for trouble in sorted(found, key=lambda one: one.since, reverse=True)}
        return sorted(first.values(), key=lambda one: one.since)

    def health(self) -> Health:
        """All that keeps it from its work, in one; ready once every number that was there at the start is read."""
        whole = Health()
        for health in self._healths:
            for part, trouble in health.troubles.items():
                whole.take_over(part, trouble)
        whole.ready = bool(self._followers) and all(each.ready for each in self._healths)
        return whole

    @property
    def _healths(self) -> list[Health]:
        return [*(follower.health for follower in self._followers), self.pulse.health]


@contextmanager
def open_board(source: Source) -> Iterator[Board]:
    """A board that reads while the block runs."""
    with Board(source).reading() as board:
        yield board
