"""Dead letters, counted by who refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Message

from avrogate.kafka_following import Follower
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.consumers import Consumer
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

LETTER = "dead-letter"
CONSUMER = Consumer("dashboard", "pipeline", {"DeadLetter": {"stage": "enum", "reason": "string"}})


class Letters:
    """How many dead letters there are, by stage and reason. One thread takes, any may look."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._settings, self._catalog = settings, catalog
        self.topic = catalog.topic_of("pipeline", LETTER)
        self._counts: Counter[tuple[str, str]] = Counter()

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """The numbers of this moment."""
        return self._counts.copy()

    @contextmanager
    def following(self) -> Iterator[Follower]:
        """Count from the beginning, and then what comes, in a thread of its own while the block runs."""
        with Follower(self._settings, self.topic, self._take, self._begin) as follower:
            yield follower

    def _begin(self) -> None:
        self._decoder = TopicDecoder(self._catalog, Registry(self._settings), self.topic)
        self._counts = Counter()

    def _take(self, message: Message) -> None:
        record = self._decoder.read(message.value()).record
        self._counts[record["stage"], record["reason"]] += 1
