"""The quality processor: reads raw events, writes enriched ones, dead letters and profiles, and its offsets,
all in one Kafka transaction per batch. Kill it anywhere: nothing is lost, nothing is there twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from avrogate.errors import ConfigError, TransientError
from avrogate.kafka import translated
from avrogate.settings import Settings
from processors.dead_letters import dead_letter
from processors.judge import Judge
from processors.outlets import Outlets
from processors.ownership import Ownership
from processors.profiles import Overlay, Profiles
from processors.provenance import headers
from processors.records import Enriched, Outcome, RawRecord
from processors.tally import Tally
from processors.transactions import BatchAborted, TransactionalProducer

log = logging.getLogger(__name__)

BATCH = 10_000
POLL = 0.2
# a member of a group that has more members than partitions gets nothing to do
NO_SHARE = 30.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0

Batch = list[tuple[RawRecord, Outcome]]


class QualityProcessor:
    """One member of the consumer group `avrogate-quality`. More of them share the partitions.

    `producer` and `source` are the transactional producer and the subscribed consumer; `clock` gives seconds
    since 1970 for the dead letters' time.
    """

    def __init__(
        self,
        judge: Judge,
        outlets: Outlets,
        ownership: Ownership,
        profiles: Profiles,
        producer: TransactionalProducer,
        source: Consumer,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._judge = judge
        self._outlets = outlets
        self._ownership = ownership
        self._profiles = profiles
        self._producer = producer
        self._source = source
        self._settings = settings
        self._clock = clock
        self.tally = Tally()

    def run(
        self, stop: Event, until_idle: float | None = None, progress: Callable[[Tally], None] | None = None
    ) -> None:
        """Process until `stop` is set, or until nothing has come for `until_idle` seconds and nothing is left.

        A batch that was begun is finished. Outages are waited out; any other error stops the processor
        without committing what it was about.
        """
        idle_since = time.monotonic()
        wait = FIRST_WAIT
        while not stop.is_set():
            records = self._read()
            if not records:
                idle = time.monotonic() - idle_since
                if until_idle is not None and idle > until_idle and (self._ownership.caught_up or idle > NO_SHARE):
                    return
                continue
            try:
                self._process(records)
            except BatchAborted as aborted:
                log.warning("%s; doing the batch again", aborted.message)
                self._rewind(records)
            except TransientError as outage:
                log.warning("%s; waiting %.1f seconds", outage.message, wait)
                self._rewind(records)
                stop.wait(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            wait = FIRST_WAIT
            idle_since = time.monotonic()
            if progress is not None:
                progress(self.tally)

    def _read(self) -> list[RawRecord]:
        """The next records, of partitions that are still owned, each once and in order."""
        try:
            messages = self._source.consume(BATCH, POLL)
        except KafkaException as error:
            raise translated(error, self._settings) from error
        records = []
        positions = self._ownership.positions
        for message in messages:
            trouble = message.error()
            if trouble is not None:
                self._check(trouble, message)
                continue
            raw = _raw(message)
            if raw.partition in positions and raw.offset >= positions[raw.partition]:
                positions[raw.partition] = raw.offset + 1
                self._ownership.at_end.discard(raw.partition)
                records.append(raw)
        return records

    def _check(self, error: KafkaError, message: Message) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            self._ownership.at_end.add(message.partition() or 0)
            return
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise ConfigError(
                f"the committed offset is no longer in the topic ({error.str()}): events were deleted unprocessed",
                hint="decide where it goes on, and set it with kafka-consumer-groups --reset-offsets",
            )
        if error.fatal() or not error.retriable():
            translation = translated(error, self._settings)
            if not isinstance(translation, TransientError):
                raise translation
        log.warning("consumer: %s", error.str())

    def _process(self, records: list[RawRecord]) -> None:
        started = time.perf_counter()
        overlay = self._profiles.overlay()
        counts: dict[str, int] = {}
        batch = [(raw, self._judge.judge(raw, overlay, counts)) for raw in records]
        self._producer.begin()
        try:
            self._write(batch, overlay)
            self._producer.commit(self._source, self._next_offsets())
        except BatchAborted:
            self.tally.aborted += 1
            raise
        except BaseException:
            self._producer.abort()
            raise
        overlay.merge()
        self.tally.add((outcome for _, outcome in batch), counts, time.perf_counter() - started)

    def _write(self, batch: Batch, overlay: Overlay) -> None:
        now = int(self._clock() * 1000)
        sources: dict[tuple[int, int], RawRecord] = {}
        for raw, outcome in batch:
            if isinstance(outcome, Enriched):
                self._producer.send(self._outlets.enriched, outcome.key, outcome.value, headers(raw))
            else:
                value = self._outlets.dead_letter(dead_letter(raw, outcome, now))
                self._producer.send(self._outlets.dead_letters, raw.key, value, headers(raw))
            sources[raw.partition, raw.offset] = raw
        for partition, user, profile in overlay:
            value = self._outlets.profile(user, profile)
            raw = sources[partition, profile.offset]
            self._producer.send(self._outlets.profiles, user.encode(), value, headers(raw), partition)

    def _next_offsets(self) -> list[TopicPartition]:
        return [
            TopicPartition(self._outlets.raw, partition, offset)
            for partition, offset in self._ownership.positions.items()
        ]

    def _rewind(self, records: list[RawRecord]) -> None:
        """Read the batch again from its beginning, in those partitions that are still owned."""
        first: dict[int, int] = {}
        for raw in records:
            first.setdefault(raw.partition, raw.offset)
        for partition, offset in first.items():
            if partition in self._ownership.positions:
                self._ownership.positions[partition] = offset
                self._source.seek(TopicPartition(self._outlets.raw, partition, offset))


def _raw(message: Any) -> RawRecord:
    return RawRecord(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        tuple(message.headers() or ()),
    )
