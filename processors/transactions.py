"""Kafka transactions, and what to do about each kind of error in one.

Per the client's documentation ("Transactional producer API") an error is retriable (call again), abortable (abort,
start the batch again) or fatal (this producer is finished; make a new one and start the batch again).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from avrogate.errors import AvrogateError
from avrogate.kafka import producer, translated
from avrogate.settings import Settings

log = logging.getLogger(__name__)

# seconds: for the first contact, and for one try of each later step, which is tried again until it is clear
FIRST_CONTACT, TRY = 30.0, 5.0
# librdkafka's RD_KAFKA_PARTITION_UA: the partitioner decides
ANY_PARTITION = -1


class BatchAborted(AvrogateError):
    """The transaction was aborted and nothing of it is visible: the batch has to be done again."""


class TransactionalProducer:
    """One transaction after another, each of them all or nothing.

    Raises BrokerUnavailable if no broker answers within half a minute.
    """

    def __init__(self, settings: Settings, transactional_id: str) -> None:
        self._settings = settings
        self._id = transactional_id
        self._producer = self._make()

    def _make(self) -> Producer:
        made = producer(
            self._settings,
            transactional_id=self._id,
            transaction_timeout_ms=60_000,
            linger_ms=5,
            batch_num_messages=20_000,
            batch_size=1_000_000,
        )
        try:
            made.init_transactions(FIRST_CONTACT)
        except KafkaException as error:
            raise translated(error, self._settings) from error
        return made

    def begin(self) -> None:
        """Open a transaction."""
        self._call(self._producer.begin_transaction)

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes,
        headers: Sequence[tuple[str, bytes | None]],
        partition: int = ANY_PARTITION,
    ) -> None:
        """Hand a record to the open transaction, to the partition of its key unless one is given.

        Waits while the local queue is full. A record that cannot be delivered makes the commit fail.
        """
        while True:
            try:
                self._producer.produce(topic, value, key, partition, headers=list(headers))
                return
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                self._abort_or_raise(error)

    def commit(self, consumer: Consumer, positions: list[TopicPartition]) -> None:
        """Commit the records together with the consumer group's offsets (the next ones to read).

        Raises BatchAborted if the transaction had to be aborted instead.
        """
        group = consumer.consumer_group_metadata()
        self._call(lambda: self._producer.send_offsets_to_transaction(positions, group, TRY))
        self._call(lambda: self._producer.commit_transaction(TRY))

    def abort(self) -> None:
        """Abort the open transaction, if there is one."""
        try:
            self._producer.abort_transaction(FIRST_CONTACT)
        except KafkaException as error:
            if error.args[0].fatal():
                self._producer = self._make()
            elif error.args[0].code() != KafkaError._STATE:
                raise translated(error, self._settings) from error

    def _call(self, step: Callable[[], Any]) -> None:
        while True:
            try:
                step()
                return
            except KafkaException as error:
                if error.args[0].retriable():
                    log.warning("transaction: %s, trying again", error.args[0].str())
                    self._producer.poll(0)  # raises what waiting does not cure, such as a refused login
                    continue
                self._abort_or_raise(error)

    def _abort_or_raise(self, error: KafkaException) -> None:
        cause = error.args[0]
        if cause.txn_requires_abort():
            log.warning("transaction aborted: %s", cause.str())
            self.abort()
            raise BatchAborted(f"transaction aborted: {cause.str()}") from error
        if cause.fatal():
            log.warning("producer lost: %s", cause.str())
            self._producer = self._make()
            raise BatchAborted(f"producer lost: {cause.str()}") from error
        raise translated(error, self._settings) from error
