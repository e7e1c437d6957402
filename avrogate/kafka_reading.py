"""Reading a topic from its beginning to where it ends now."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from operator import methodcaller

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from avrogate.errors import BrokerUnavailable, Stopped
from avrogate.kafka import consumer, require_topic, translated
from avrogate.settings import Settings

# a call of `consume` returns when it has a whole batch, or after POLL seconds
BATCH, POLL = 10_000, 0.1
PATIENCE = 120.0
# milliseconds for which the client stops fetching once it has that many records of a partition in store
REST, AHEAD = 10, 20_000
# seconds between two questions to a broker that gives nothing, and of one of them
ASK, TRY = 1.0, 0.8

# a call that always looks whether there was an error: the client gives a list with a hole and an error at once, and
# Python 3.11 leaves that look out when it calls a method that it has called often
_headers = methodcaller("headers")

Headers = tuple[tuple[str, bytes | None], ...]
Bounds = dict[int, tuple[int, int]]
Heard = Callable[[int, int], None]


def headers_of(message: Message) -> Headers | None:
    """A record's headers; None where a name in them is not UTF-8, which the client cannot give (brokers take any).

    To be asked once of a record: asked again, the client (2.16) gives a list with a hole, which ends the process.
    """
    try:
        return tuple(_headers(message) or ())
    except SystemError:
        return None


def read_to_end(
    settings: Settings, topic: str, partitions: Sequence[int] | None = None, *, newest: int | None = None
) -> Iterator[Message]:
    """Every committed record of a topic (or of some partitions) up to where it ended at the call.

    With `newest`, only those of so many last offsets of each partition.

    The end includes transactions that are still open: they are waited for, so that what comes out is the
    whole truth about everything written before the call. In order within a partition.

    Raises ConfigError if the topic is missing, BrokerUnavailable if nothing comes for two minutes.
    """
    for messages in batches_to_end(settings, topic, partitions, newest=newest):
        yield from messages


def batches_to_end(
    settings: Settings,
    topic: str,
    partitions: Sequence[int] | None = None,
    *,
    newest: int | None = None,
    outage: float = PATIENCE,
    stopping: Callable[[], bool] = lambda: False,
    heard: Heard = lambda done, total: None,
) -> Generator[list[Message], None, None]:
    """What `read_to_end` gives, in the batches in which it comes.

    `heard` is called at the start and after each batch was taken, with the offsets that were read and all there are.
    A broker that does not even answer for `outage` seconds is away: raises BrokerUnavailable then, and not only
    after the two minutes that an open transaction may take. Raises Stopped within a second once `stopping` says so.
    """
    wanted = range(require_topic(settings, topic)) if partitions is None else partitions
    bounds = _bounds(settings, topic, wanted, outage, stopping)
    if newest is not None:
        bounds = {partition: (max(first, end - newest), end) for partition, (first, end) in bounds.items()}
    reader = consumer(
        settings,
        "avrogate-reader",
        enable_partition_eof=True,
        auto_offset_reset="earliest",
        # by itself the client rests for a second whenever it has 100,000 records of a partition that nobody took yet
        fetch_queue_backoff_ms=REST,
        queued_min_messages=AHEAD,
    )
    try:
        # at offsets, not at "the beginning": that would cost librdkafka half a second to look up
        reader.assign([TopicPartition(topic, partition, first) for partition, (first, _) in bounds.items()])
        yield from _Reading(settings, topic, reader, bounds, outage, stopping, heard).batches()
    finally:
        reader.close()


class _Reading:
    """One pass over the partitions, from their first offset to the one where they ended."""

    def __init__(
        self,
        settings: Settings,
        topic: str,
        reader: Consumer,
        bounds: Bounds,
        outage: float,
        stopping: Callable[[], bool],
        heard: Heard,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._reader = reader
        self._ends = {partition: end for partition, (_, end) in bounds.items()}
        self._positions = {partition: first for partition, (first, _) in bounds.items()}
        self._begin = sum(self._positions.values())
        self._total = sum(self._ends.values()) - self._begin
        self._outage = outage
        self._stopping = stopping
        self._heard = heard

    def batches(self) -> Iterator[list[Message]]:
        self._heard(0, self._total)
        heard = answered = asked = time.monotonic()
        while self._open():
            messages = self._reader.consume(BATCH, timeout=POLL)
            _check(self._stopping)
            if messages:
                if taken := self._taken(messages):
                    yield taken
                self._heard(sum(self._positions.values()) - self._begin, self._total)
                heard = answered = time.monotonic()
            elif time.monotonic() - asked > ASK and self._outage < PATIENCE:
                answered = time.monotonic() if self._answers() else answered
                asked = time.monotonic()
            self._check_silence(answered, self._outage)
            self._check_silence(heard, PATIENCE)

    def _open(self) -> bool:
        return any(position < self._ends[partition] for partition, position in self._positions.items())

    def _taken(self, messages: list[Message]) -> list[Message]:
        """The records up to the ends, and the positions after them."""
        taken, ends, positions = [], self._ends, self._positions
        for message in messages:
            partition: int = message.partition()  # type: ignore[assignment]
            offset: int = message.offset()  # type: ignore[assignment]
            error = message.error()
            if error is None:
                if offset < ends[partition]:
                    taken.append(message)
                    positions[partition] = offset + 1
                else:
                    positions[partition] = ends[partition]
            elif error.code() != KafkaError._PARTITION_EOF:
                raise translated(KafkaException(error), self._settings)
            else:
                positions[partition] = max(positions[partition], min(offset, ends[partition]))
        return taken

    def _answers(self) -> bool:
        partition = next(iter(self._ends))
        try:
            self._reader.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=TRY, cached=False)
        except KafkaException:
            return False
        return True

    def _check_silence(self, since: float, limit: float) -> None:
        if time.monotonic() - since > limit:
            raise BrokerUnavailable(f"broker at {self._settings.brokers} gave nothing for {limit:.0f} seconds")


def _check(stopping: Callable[[], bool]) -> None:
    if stopping():
        raise Stopped("stopped while a topic was read; nothing was done with it")


def _bounds(
    settings: Settings, topic: str, partitions: Sequence[int], outage: float, stopping: Callable[[], bool]
) -> Bounds:
    """First and last offset of each partition, open transactions included."""
    probe = consumer(settings, "avrogate-reader", isolation_level="read_uncommitted")
    until = time.monotonic() + min(outage, settings.request_timeout)
    bounds: Bounds = {}
    try:
        for partition in partitions:
            while partition not in bounds:
                _check(stopping)
                try:
                    bounds[partition] = probe.get_watermark_offsets(
                        TopicPartition(topic, partition), timeout=TRY, cached=False
                    )
                except KafkaException as error:
                    if error.args[0].code() != KafkaError._TIMED_OUT or time.monotonic() > until:
                        raise translated(error, settings) from error
    finally:
        probe.close()
    return bounds
