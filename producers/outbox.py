"""Records on their way to the broker: handed over, acknowledged, or failed. Nothing is dropped in silence."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from avrogate import kafka
from avrogate.errors import AvrogateError
from avrogate.settings import Settings

Receipt = Callable[[KafkaError | None, Message], None]

# a full local queue makes the sender wait; this much lies in memory at most
QUEUE_RECORDS, QUEUE_KBYTES = 100_000, 131_072
REQUEST = 1_000_000  # bytes of one request to a partition; a topic that takes less makes it less
SLICE = 0.2  # seconds; librdkafka waits without looking at signals, so no single wait is longer


class Outbox:
    """An idempotent producer, every delivery report of which is looked at.

    A record that the broker has not acknowledged `patience` seconds after it was handed over has failed. After
    a failure every call raises it: BrokerUnavailable for an outage, else ConfigError or AvrogateError.
    `acknowledged` counts by the label of their receipts, `failed` all. `limits` are the bytes that the topics take.
    """

    def __init__(self, settings: Settings, *, patience: float = 60.0, limits: Iterable[int] = ()) -> None:
        takes = [*limits]
        self.acknowledged: Counter[str] = Counter()
        self.failed = 0
        self._settings = settings
        self._error: AvrogateError | None = None
        self._producer: Producer = kafka.producer(
            settings,
            message_timeout_ms=int(patience * 1000),
            message_max_bytes=max(REQUEST, *takes, 0),
            batch_size=min(REQUEST, *takes, REQUEST),
            queue_buffering_max_messages=QUEUE_RECORDS,
            queue_buffering_max_kbytes=QUEUE_KBYTES,
        )

    def receipt(self, label: str) -> Receipt:
        """What `send` needs to count a record under `label` once the broker has it."""

        def report(error: KafkaError | None, _message: Message) -> None:
            if error is None:
                self.acknowledged[label] += 1
            else:
                self._fail(error)

        return report

    def send(self, topic: str, key: bytes | None, value: bytes, receipt: Receipt) -> None:
        """Hand a record over. Waits while the local queue is full."""
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=receipt)
            except BufferError:
                self.serve(SLICE)
            except KafkaException as error:
                raise kafka.translated(error, self._settings) from error
            else:
                return self.serve()

    def serve(self, seconds: float = 0) -> None:
        """Take delivery reports in, waiting for one if `seconds` are given. Raises the first failure."""
        self._producer.poll(seconds)
        if self._error is not None:
            raise self._error

    def flush(self, seconds: float | None = None) -> None:
        """Wait until every record is acknowledged or has failed. Raises the first failure.

        Gives up after `seconds`, if they are given, with an AvrogateError that says how many are left.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while left := self._producer.flush(SLICE):
            if end is not None and time.monotonic() > end:
                raise AvrogateError(f"{left} records are not acknowledged after {seconds:g} s")
        if self._error is not None:
            raise self._error

    def _fail(self, error: KafkaError) -> None:
        self.failed += 1
        if self._error is None:
            self._error = kafka.translated(error, self._settings)
