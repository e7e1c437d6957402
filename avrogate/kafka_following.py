"""Following a topic: all that is there, then what comes, through outages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from avrogate.errors import AvrogateError, BrokerUnavailable, Stopped, TransientError
from avrogate.health import Health
from avrogate.kafka import admin, consumer, offsets, require_topic, topic_id, translated
from avrogate.patience import Patience
from avrogate.settings import Settings

log = logging.getLogger(__name__)

# a call of `consume` returns when it has a whole batch, or after POLL seconds
BATCH, POLL = 5_000, 0.1
# seconds between two questions whether the topic is still the same, for an answer to one, and between two attempts in
# an outage: people watch
ASK, ANSWER, LONGEST_WAIT = 1.0, 4.0, 3.0
# how long the end waits for a question that is under way; a thread that only reads may be left behind
LEAVE = 5.0


@dataclass
class Place:
    """How far a partition is: from its first offset, up to the one where it ended when that was asked."""

    first: int
    end: int
    position: int
    at_end: bool = False


class Follower:
    """Hands over every committed record of a topic, from its beginning on, from a thread of its own.

    `take` gets each record once, in order within a partition, and again if it raised TransientError; a record for
    which it raises another AvrogateError is logged and left out. `begin` is called before the first record, and
    once more if the topic was made anew: what was taken since, within a second, may be of the new one. An outage, or
    a topic that is missing, is in `health` for as long as it lasts; then it goes on where it was. Nothing is
    committed, no consumer group is joined.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        take: Callable[[Message], None],
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        self.health = Health()
        self._settings, self._topic = settings, topic
        self._take, self._begin = take, begin
        self._stop = Event()
        self._patience = Patience(self._stop, self.health, longest=LONGEST_WAIT)
        self._places: dict[int, Place] = {}
        self._id = ""
        self._thread = Thread(target=self._run, name=f"follow {topic}", daemon=True)

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join(LEAVE)

    @property
    def done(self) -> float:
        """Which share of what was there at the start has been read; 1.0 once it was all, and from then on."""
        places = list(self._places.values())
        if self.health.ready or not places:
            return float(self.health.ready)
        total = sum(place.end - place.first for place in places)
        return min(sum(place.position - place.first for place in places) / max(total, 1), 1.0)

    def _run(self) -> None:
        with suppress(Stopped):
            while not self._stop.is_set():
                try:
                    self._follow()
                except TransientError as outage:
                    self._patience.hold(outage)
                except AvrogateError as error:  # a person can cure it meanwhile: create the topic, say
                    self._patience.hold(BrokerUnavailable(error.message, error.hint))
                except Exception as error:  # nobody joins this thread: without this, old numbers would look live
                    message = f"{self._topic} is read no more: {error!r}, a defect; the log has it"
                    self.health.trouble("reader", message, final=True)
                    raise

    def _follow(self) -> None:
        partitions = require_topic(self._settings, self._topic)
        broker = admin(self._settings)
        # a place that is gone is an error: librdkafka would go on from the beginning and tell nobody
        client = consumer(self._settings, "avrogate-follower", auto_offset_reset="error", enable_partition_eof=True)
        try:
            self._find_places(client, topic_id(self._settings, broker, self._topic), partitions)
            client.assign([TopicPartition(self._topic, part, at.position) for part, at in self._places.items()])
            self._patience.over()
            self._read(client, broker)
        finally:
            client.close()

    def _find_places(self, client: Consumer, found_id: str, partitions: int) -> None:
        found = {part: offsets(self._settings, client, self._topic, part) for part in range(partitions)}
        cut = any(place.position > found[part][1] for part, place in self._places.items() if part in found)
        if cut or found_id != self._id or not self._places:
            self._places.clear()
            self._patience.until_it_works(self._begin)
            self._id = found_id
        for part, (first, end) in found.items():
            place = self._places.setdefault(part, Place(first, end, first))
            place.position = max(place.position, first)  # what retention has removed meanwhile is gone

    def _read(self, client: Consumer, broker: AdminClient) -> None:
        asked = time.monotonic()
        while not self._stop.is_set():
            for message in client.consume(BATCH, POLL):
                self._heard(message)
            if time.monotonic() - asked > ASK:
                self._require_same(broker)
                asked = time.monotonic()

    def _heard(self, message: Message) -> None:
        place, error = self._places[message.partition() or 0], message.error()
        if error is None:
            self._patience.until_it_works(lambda: self._taken(message))
            place.position = (message.offset() or 0) + 1
        elif error.code() == KafkaError._PARTITION_EOF:
            place.at_end = True
            self.health.ready = self.health.ready or all(each.at_end for each in self._places.values())
        elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            raise BrokerUnavailable(f"{self._topic} was cut or made anew; finding the place in it")
        else:
            raise translated(KafkaException(error), self._settings)

    def _taken(self, message: Message) -> None:
        try:
            self._take(message)
        except TransientError:
            raise
        except AvrogateError as error:
            where = f"{self._topic}/{message.partition()} at {message.offset()}"
            log.warning("left out what is at %s: %s", where, error.message)

    def _require_same(self, broker: AdminClient) -> None:
        """An answer, too: a client that gets no records cannot tell silence from an outage."""
        if topic_id(self._settings, broker, self._topic, ANSWER) != self._id:
            raise BrokerUnavailable(f"{self._topic} was made anew; reading it from its beginning")
