"""Following a topic that changes under the reader: deleted and made anew, shorter or longer than before, or cut."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from avrogate import kafka_following
from avrogate.kafka import admin, producer
from avrogate.kafka_following import Follower
from avrogate.settings import Settings

pytestmark = pytest.mark.stack


class Log:
    """A topic of a test's own, and what a follower took of it, for each call of `begin` apart."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.name = settings, f"followed-{uuid.uuid4().hex[:8]}"
        self.broker: AdminClient = admin(settings)
        self.taken: list[list[bytes]] = []

    def make(self) -> None:
        """Create it; a deletion takes a moment."""

        def made() -> bool:
            asked = self.broker.create_topics([NewTopic(self.name, 1, 1)], operation_timeout=20)[self.name]
            return asked.exception() is None

        until(made)

    def delete(self) -> None:
        self.broker.delete_topics([self.name], operation_timeout=20)[self.name].result()

    def write(self, *values: bytes) -> None:
        writer = producer(self.settings)
        for value in values:
            writer.produce(self.name, value)
        assert writer.flush(30) == 0

    def following(self) -> Follower:
        return Follower(self.settings, self.name, self._take, lambda: self.taken.append([]))

    def _take(self, message: Message) -> None:
        self.taken[-1].append(message.value() or b"")


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.1)


@pytest.fixture
def log(stack: Settings) -> Iterator[Log]:
    made = Log(stack)
    made.make()
    yield made
    made.delete()


OLD = [b"old %d" % number for number in range(5)]


@pytest.mark.parametrize("length", [3, 8], ids=["shorter", "longer"])
def test_a_topic_that_is_made_anew_is_begun_anew(log: Log, length: int) -> None:
    new = [b"new %d" % number for number in range(length)]
    log.write(*OLD)
    with log.following() as follower:
        until(lambda: log.taken == [OLD])
        log.delete()
        log.make()
        log.write(*new)
        until(lambda: log.taken[-1] == new)
        until(lambda: follower.health.healthy)
        time.sleep(kafka_following.ASK * 2)
        log.write(b"more")
        until(lambda: log.taken[1:] == [[*new, b"more"]])


def test_what_is_made_anew_between_two_questions_is_noticed_all_the_same(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client itself hears that its place is gone, and passes it on."""
    monkeypatch.setattr(kafka_following, "ASK", 1e9)
    log.write(*OLD)
    with log.following():
        until(lambda: log.taken == [OLD])
        log.delete()
        log.make()
        log.write(b"new")
        until(lambda: log.taken[1:] == [[b"new"]])


def test_what_retention_removed_meanwhile_is_gone_and_the_rest_is_read(log: Log) -> None:
    log.write(*OLD)
    with log.following() as follower:
        until(lambda: log.taken == [OLD])
    (place,) = follower._places.values()
    place.position = 1  # as after a long outage
    log.broker.delete_records([TopicPartition(log.name, 0, 3)])[TopicPartition(log.name, 0, 3)].result()
    again = log.following()
    again._places, again._id = follower._places, follower._id
    with again:
        until(lambda: log.taken == [[*OLD, *OLD[3:]]])
