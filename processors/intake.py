"""What comes in: the raw records of the partitions that this process owns, each once and in order."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from avrogate.errors import BrokerUnavailable, ConfigError, TransientError
from avrogate.kafka import consumer, translated
from avrogate.settings import Settings
from processors.ownership import Ownership
from processors.raw_batch import RawBatch
from processors.stalls import Stalls
from processors.vitals import Vitals

log = logging.getLogger(__name__)

BATCH = 10_000
POLL = 0.2
STATISTICS = 2000  # milliseconds
# records of a partition that the client fetches ahead, milliseconds for which it then rests, and bytes of one fetch
# (a larger record still comes, alone): enough for a batch, and memory does not grow with what lies in the topic. By
# itself the client takes 100,000 records, a second, a megabyte
AHEAD, REST, FETCH = BATCH, 10, 131_072
OUTDATED = 3.0  # seconds
ANSWERING = {"UP", "UPDATE"}
STEADY = "steady"  # of a group's `join_state`
ANSWER = 1.0  # seconds for the broker to say how far a partition reaches


class Intake:
    """A member of a consumer group. Partitions move without stopping those that stay (cooperative rebalancing)."""

    def __init__(self, settings: Settings, group: str, topic: str, ownership: Ownership, vitals: Vitals) -> None:
        self._settings = settings
        self._topic = topic
        self._ownership = ownership
        self._vitals = vitals
        self._next: dict[int, int] = {}
        self._membership: Any = None
        self._stalls = Stalls()
        self._drained = False  # whether the client had no more when it was last asked
        self._consumer = consumer(
            settings,
            group,
            statistics=self._heard,
            statistics_interval_ms=STATISTICS,
            partition_assignment_strategy="cooperative-sticky",
            session_timeout_ms=int(settings.session_timeout * 1000),
            heartbeat_interval_ms=int(settings.session_timeout * 300),
            enable_partition_eof=True,
            socket_timeout_ms=int(settings.request_timeout * 1000),  # a broker that hangs is seen by then
            queued_min_messages=AHEAD,
            fetch_queue_backoff_ms=REST,
            fetch_message_max_bytes=FETCH,
        )
        self._size = BATCH
        self._consumer.subscribe(
            [topic], on_assign=ownership.assigned, on_revoke=ownership.revoked, on_lost=ownership.lost
        )

    def read(self) -> RawBatch:
        """The next records; none if nothing comes for a moment.

        Raises BrokerUnavailable in an outage, ConfigError for what a person has to decide.
        """
        if self._drained:
            self._look_for_stalls()
        for partition in self._ownership.take_over(self._consumer):
            self._next.pop(partition, None)
            self._stalls.read_from(partition, self._ownership.positions[partition])
        self._next = {part: self._next.get(part, offset) for part, offset in self._ownership.positions.items()}
        try:
            messages = self._consumer.consume(self._size, POLL)
        except KafkaException as error:
            raise translated(error, self._settings) from error
        self._drained = len(messages) < self._size
        batch = RawBatch.of_messages(self._topic, self._taken(messages))
        # Kafka checks the generation of a member's offsets, but takes those of a client that names no member. One
        # that was thrown out while it was away still names its old generation (librdkafka 2.16), and is refused.
        # So as not to rest on that, the metadata are taken now, and whether it is a member is looked at after that.
        self._membership = self._consumer.consumer_group_metadata()
        if batch and not self.joined:
            self.rewind()
            return RawBatch.of_messages(self._topic, [])
        return batch

    @property
    def joined(self) -> bool:
        """Whether the group takes it for a member."""
        return bool(self._consumer.memberid())

    @property
    def membership(self) -> Any:
        """The metadata of the group as of the last `read`."""
        return self._membership

    def offsets(self) -> list[TopicPartition]:
        """The next offset of each partition that has moved since its last commit."""
        owned = self._ownership.positions
        return [
            TopicPartition(self._topic, partition, offset)
            for partition, offset in self._next.items()
            if partition in owned and offset != owned[partition]
        ]

    def committed(self) -> None:
        """What was read is done with."""
        self._size = min(2 * self._size, BATCH)
        self._ownership.positions |= {
            partition: offset for partition, offset in self._next.items() if partition in self._ownership.positions
        }

    def rewind(self) -> None:
        """Read again what was not committed."""
        for partition, offset in self._ownership.positions.items():
            if self._next.get(partition, offset) != offset:
                self._ownership.at_end.discard(partition)
                try:
                    self._consumer.seek(TopicPartition(self._topic, partition, offset))
                    self._stalls.read_from(partition, offset)
                except KafkaException as error:  # it is being taken away, or is not read from any more
                    log.info("partition %d: %s", partition, error.args[0].str())
                    self.look_up()
                    return
        self._next = {}

    def look_up(self) -> None:
        """Forget what was read and what is owned, and go on from what the broker says was committed."""
        self._ownership.take_over_again(self._consumer)
        self._stalls.forget()
        self._next = {}

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _taken(self, messages: list[Message]) -> list[Message]:
        """The records of what this process owns, each once."""
        taken, following, owned, at_end = [], self._next, self._ownership.positions, self._ownership.at_end
        before = following.copy()
        for message in messages:
            trouble = message.error()
            if trouble is not None:
                self._check(trouble, message)
                continue
            partition: int = message.partition()  # type: ignore[assignment]
            offset: int = message.offset()  # type: ignore[assignment]
            if partition in owned and offset >= following[partition]:
                following[partition] = offset + 1
                if partition in at_end:
                    at_end.discard(partition)
                taken.append(message)
        for number, offset in following.items():
            if offset != before[number]:
                self._stalls.reached(number, offset)
        return taken

    def _look_for_stalls(self) -> None:
        stand = self._stalls.found(self._ownership.positions, self._end)
        if stand:
            self.look_up()
            raise BrokerUnavailable(f"nothing comes of {self._topic} {stand}, though there is more: all is read anew")

    def _end(self, partition: int) -> int | None:
        where = TopicPartition(self._topic, partition)
        try:
            _, end = self._consumer.get_watermark_offsets(where, timeout=ANSWER, cached=False)
        except KafkaException as error:
            log.info("partition %d: %s", partition, error.args[0].str())
            return None
        return int(end)

    def _check(self, error: KafkaError, message: Message) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            self._ownership.at_end.add(message.partition() or 0)
            self._stalls.reached(message.partition() or 0, message.offset() or 0)
            return
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise ConfigError(
                f"the committed offset is no longer in the topic ({error.str()}): events were deleted unprocessed",
                hint="decide where it goes on, and set it with kafka-consumer-groups --reset-offsets",
            )
        if (
            error.code() == KafkaError._MAX_POLL_EXCEEDED
        ):  # an outage or a restore took long: it joins again by itself
            log.warning("left the group: %s", error.str())
            self._size = max(self._size // 8, 1)  # a batch that took too long is too long the next time, too
            return
        if error.fatal() or not error.retriable():
            translation = translated(error, self._settings)
            if not isinstance(translation, TransientError):
                raise translation
        log.warning("consumer: %s", error.str())

    def _heard(self, statistics: str) -> None:
        """librdkafka's statistics: whether a broker answers, and how far the partitions reach."""
        heard = json.loads(statistics)
        if time.time() - heard["time"] > OUTDATED:
            return  # it lay in a queue while a transaction was waited for
        up = any(broker["state"] in ANSWERING for broker in heard["brokers"].values())
        if up:
            self._vitals.health.well(BrokerUnavailable.part)
        else:
            self._vitals.health.trouble(BrokerUnavailable.part, f"broker unreachable at {self._settings.brokers}")
        self._ownership.heard(steady=heard.get("cgrp", {}).get("join_state") == STEADY)
        parts = heard["topics"].get(self._topic, {}).get("partitions", {})
        self._vitals.lag = self._lag(parts)

    def _lag(self, parts: Mapping[str, Mapping[str, Any]]) -> dict[int, int]:
        ends = {int(number): part["ls_offset"] for number, part in parts.items()}
        return {
            partition: max(ends[partition] - offset, 0)
            for partition, offset in self._ownership.positions.items()
            if ends.get(partition, -1) >= 0
        }
