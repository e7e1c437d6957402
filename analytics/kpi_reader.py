"""Reading `kpis-minute`: all of it at once, or following it. The console and the dashboard read through here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from confluent_kafka import Message

from analytics.results import Fold, MinuteKpis
from avrogate.kafka_following import Follower
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from schemas.catalog import Catalog, shipped_catalog
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

KPI, PROGRESS = "minute-kpi", "stream-progress"
# how many minutes up to the newest the dashboard keeps: six hours with two values for each of 120 countries are
# 88 MB, and what is older is in the topic still
KEEP = 360


class KpiReader:
    """What was read of `kpis-minute` so far, folded to the newest numbers. One thread takes, any may look.

    `keep` is how many minutes up to the newest are kept; all of them unless given. `published` is when the newest
    record was written, in milliseconds since 1970.
    """

    published: int | None = None

    def __init__(self, settings: Settings, catalog: Catalog | None = None, keep: int | None = None) -> None:
        self._settings, self._catalog = settings, catalog or shipped_catalog()
        self.topic = self._catalog.topic_of("pipeline", KPI)
        self.version = 0
        self._keep, self._lock = keep, Lock()
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was read."""
        with self._lock:
            self.fold = Fold(self._keep)
            self.version += 1

    def connect(self) -> None:
        """Learn the schemas. Raises RegistryUnavailable, SchemaNotRegistered."""
        self._decoder = TopicDecoder(self._catalog, Registry(self._settings), self.topic)

    def take(self, message: Message) -> None:
        """Take a record. Raises WireFormatError for one that is none of ours, RegistryUnavailable."""
        version, record, _ = self._decoder.read(message.value())
        with self._lock:
            (self.fold.add_kpi if version.event == KPI else self.fold.add_progress)(record)
            self.published = message.timestamp()[1]
            self.version += 1

    def result(self, minutes: int | None = None) -> MinuteKpis:
        """The numbers so far; with `minutes`, of that many up to the newest. `version` changes when they do."""
        with self._lock:
            fold = self.fold.snapshot(minutes)
        return fold.result()  # takes long for many rows: the thread that takes need not wait for it

    @contextmanager
    def following(self) -> Iterator[Follower]:
        """Read from the beginning, and then what comes, in a thread of its own while the block runs."""

        def begin() -> None:
            self.connect()
            self.begin_anew()

        with Follower(self._settings, self.topic, self.take, begin) as follower:
            yield follower


def read_results(settings: Settings, catalog: Catalog | None = None) -> MinuteKpis:
    """All of `kpis-minute` as it is now, folded to the newest numbers. Raises what `read_fold` raises."""
    return read_fold(settings, catalog).result()


def read_fold(settings: Settings, catalog: Catalog | None = None) -> Fold:
    """All of `kpis-minute` as it is now, record by record.

    Raises ConfigError (no topic), BrokerUnavailable, RegistryUnavailable, SchemaNotRegistered, WireFormatError
    for a record that is none of ours.
    """
    reader = KpiReader(settings, catalog)
    reader.connect()
    for message in read_to_end(settings, reader.topic):
        reader.take(message)
    return reader.fold
