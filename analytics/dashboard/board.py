"""What the dashboard knows, from three readers in threads of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock

from analytics.dashboard.letters import Letters
from analytics.dashboard.pulse import Beat, Pulse
from analytics.dashboard.view import Known, View, view
from analytics.kpi_reader import KEEP, KpiReader
from analytics.kpis import Kpi, shipped_kpis
from avrogate.health import Health, Trouble
from avrogate.kafka_following import Follower
from avrogate.settings import Settings
from schemas.catalog import Catalog

__all__ = ["Board", "Source", "open_board"]


@dataclass(frozen=True)
class Source:
    """Where a board reads: a platform, and whose lag it shows."""

    settings: Settings
    catalog: Catalog
    group: str
    kpis: tuple[Kpi, ...] | None = None


class Board:
    """The numbers of this moment as views; one for each number of minutes, made anew only when something changed."""

    def __init__(self, source: Source) -> None:
        settings, catalog = source.settings, source.catalog
        self.kpis = shipped_kpis() if source.kpis is None else source.kpis
        self.reader = KpiReader(settings, catalog, KEEP)
        self.letters = Letters(settings, catalog)
        self.pulse = Pulse(settings, catalog, source.group)
        self._followers: tuple[Follower, ...] = ()
        self._lock = Lock()
        self._views: dict[int, tuple[object, View]] = {}

    @contextmanager
    def reading(self) -> Iterator[Board]:
        """Read while the block runs."""
        with ExitStack() as stack:
            started = (self.reader.following(), self.letters.following())
            self._followers = tuple(stack.enter_context(one) for one in started)
            stack.enter_context(self.pulse.beating())
            yield self

    def view(self, minutes: int) -> View:
        """The newest numbers; the same object as before if nothing changed."""
        with self._lock:
            version, troubles = self.reader.version, self.troubles
            state = version, sum(self.letters.counts.values()), self.beat, tuple(troubles), self.done
            kept = self._views.get(minutes)
            if kept is None or kept[0] != state:
                published = self.reader.published
                known = Known(
                    self.reader.result(minutes), self.letters.counts, self.beat, troubles, self.done, published
                )
                self._views[minutes] = kept = state, view(known, self.kpis, minutes)
            return kept[1]

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
