"""Kafka transactions, and what to do about each kind of error in one.

Per the client's documentation ("Transactional producer API") an error is retriable (call again), abortable (abort,
start the batch again) or fatal (this producer is finished; make a new one and start the batch again).
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from avrogate.errand import Errand
from avrogate.errors import AvrogateError, BrokerUnavailable, ConfigError, TransientError
from avrogate.kafka import producer, translated
from avrogate.settings import Settings

log = logging.getLogger(__name__)

# seconds of one try; librdkafka waits without looking at signals, so no single wait is longer
TRY = 2.0
# seconds between two tries that fail at once
PAUSE = 0.5
# seconds after which a call has lost its way: librdkafka 2.16 may wait for ever for a group coordinator that went
# away while offsets were sent, whatever time-out it was given (its issues 5456 and 5511)
STUCK = 10.0
# seconds of tries after which it gives up, where nobody waits outages out
PATIENCE = 30.0
# seconds after which the broker aborts a transaction that nobody ends
TIMEOUT = 60.0
# librdkafka's RD_KAFKA_PARTITION_UA: the partitioner decides
ANY_PARTITION = -1
# bytes of one request to a partition; a topic that takes less makes it less
REQUEST = 1_000_000
# what `produce` says of a producer that is finished; it does not say why, and being fenced is the usual cause
FINISHED = KafkaError._FATAL
FENCED = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH, FINISHED}
# what `produce` says of a transaction that must be aborted, and of a producer that is finished: only aborting tells
# which, and why. A record that is too large spoils its transaction as well
UNTOLD = {KafkaError._STATE, KafkaError._FATAL, KafkaError.MSG_SIZE_TOO_LARGE}
# so often within so many seconds: two processes have one transactional id and fence each other in turn
FENCED_OFTEN, WITHIN = 5, 60.0

Wait = Callable[[TransientError], None]
# key, value, headers, partition
Outgoing = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]], int]


class BatchAborted(AvrogateError):
    """The transaction was aborted: the batch has to be done again. `code` is Kafka's error code of what made it so.

    Nothing of it is visible, unless it is `uncertain`: the producer was lost while it committed, and the broker may
    have taken the commit. What was committed has to be looked up then.
    """

    def __init__(self, message: str, code: int, *, uncertain: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.uncertain = uncertain


class TransactionalProducer:
    """One transaction after another, each of them all or nothing.

    Making one ends what an earlier producer of the same transactional id left open, and fences that producer.
    `limits` are the bytes that the topics take (`avrogate.kafka_limits`). `wait` is called after each try that an
    outage spoilt, and may sleep or raise; without it BrokerUnavailable is raised after half a minute of tries.
    `fenced` is raised when another producer has taken the transactional id; without it, it is taken back.
    `linger` is how many milliseconds a record may wait for more of its partition; a commit does not wait for it.
    `restarts` counts the producers that had to be replaced, not those that follow an aborted transaction.
    """

    def __init__(
        self,
        settings: Settings,
        transactional_id: str,
        *,
        limits: Mapping[str, int],
        wait: Wait | None = None,
        fenced: AvrogateError | None = None,
        linger: int = 5,
    ) -> None:
        self.restarts = 0
        self._settings = settings
        self._id = transactional_id
        self._limits = limits
        self._wait = wait
        self._fenced = fenced
        self._linger = linger
        self._fenced_at: deque[float] = deque(maxlen=FENCED_OFTEN)
        self._outdated = False
        self._producer = self._make()

    def resize(self, limits: Mapping[str, int]) -> None:
        """Go on with a producer whose requests the topics take. No transaction may be open."""
        self._limits = limits
        self._producer = self._make()

    def begin(self) -> None:
        """Open a transaction. Raises BatchAborted if it takes another try.

        After one that was aborted it is of a new epoch, which a producer gets when it begins: within one epoch a
        broker cannot tell a late record of the aborted transaction from one of the next (Kafka's KIP-890).
        """
        if self._outdated:
            self._producer = self._make()
        self._call(self._producer.begin_transaction)

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int = ANY_PARTITION,
    ) -> None:
        """Hand a record to the open transaction, to the partition of its key unless one is given.

        Waits while the local queue is full. A record that cannot be delivered makes the commit fail.
        Raises BatchAborted.
        """
        while True:
            try:
                if headers:
                    self._producer.produce(topic, value, key, partition, headers=list(headers))
                else:
                    self._producer.produce(topic, value, key, partition)
                return
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                self._give_up(error)

    def send_all(self, topic: str, records: Iterable[Outgoing]) -> None:
        """`send` of many records, in order."""
        produce: Callable[..., None] = self._producer.produce
        for key, value, headers, partition in records:
            try:
                produce(topic, value, key, partition, headers=headers)
            except (BufferError, KafkaException):  # it was not taken: `send` waits, or finds out what it means
                self.send(topic, key, value, headers, partition)

    def send_offsets(self, positions: Sequence[TopicPartition], membership: Any) -> None:
        """Put a consumer group's offsets (the next ones to read) into the open transaction.

        `membership` is the consumer's group metadata, by which the broker refuses a member that is no longer one.
        Raises BatchAborted.
        """
        self._call(lambda: self._offer(positions, membership))

    def commit(self) -> None:
        """Commit the open transaction. Raises BatchAborted if it had to be aborted instead."""
        self._call(lambda: self._producer.commit_transaction(TRY), committing=True)

    def abort(self) -> None:
        """Abort the open transaction, if there is one."""
        try:
            self._patiently(self._try_to_abort)
        except KafkaException as error:
            raise translated(error, self._settings) from error

    def flush(self) -> None:
        """Wait until the broker has every record of the open transaction."""
        while self._producer.flush(TRY):
            pass

    def _offer(self, positions: Sequence[TopicPartition], membership: Any) -> None:
        errand = Errand(lambda: self._producer.send_offsets_to_transaction(list(positions), membership, TRY))
        until = time.monotonic() + STUCK
        while not errand.done(TRY):
            if time.monotonic() > until:
                message = f"offsets were not taken within {STUCK:g} seconds"
                log.warning("a new producer takes over: %s", message)
                self.restarts += 1
                self._producer = self._make()
                raise BatchAborted(f"transaction aborted: {message}", KafkaError._TIMED_OUT)
            if self._wait is not None:
                self._wait(BrokerUnavailable(f"broker at {self._settings.brokers} takes no offsets"))

    def _try_to_abort(self) -> None:
        try:
            self._producer.abort_transaction(TRY)
        except KafkaException as error:
            cause = error.args[0]
            if _finished(cause):
                self._replace(cause)
            elif cause.code() != KafkaError._STATE:  # none is open
                raise

    def _make(self) -> Producer:
        made = producer(
            self._settings,
            transactional_id=self._id,
            transaction_timeout_ms=int(TIMEOUT * 1000),
            linger_ms=self._linger,
            batch_num_messages=20_000,
            batch_size=min(REQUEST, *self._limits.values()),
            message_max_bytes=max(REQUEST, *self._limits.values()),
        )
        try:
            self._patiently(lambda: made.init_transactions(TRY), made)
        except KafkaException as error:
            raise translated(error, self._settings) from error
        self._outdated = False
        return made

    def _replace(self, cause: KafkaError) -> None:
        log.warning("a new producer takes over: %s", cause.str())
        self.restarts += 1
        if cause.code() in FENCED:
            self._check_fencing()
        self._producer = self._make()

    def _check_fencing(self) -> None:
        if self._fenced is not None:
            raise self._fenced
        now = time.monotonic()
        self._fenced_at.append(now)
        if len(self._fenced_at) == FENCED_OFTEN and now - self._fenced_at[0] < WITHIN:
            raise ConfigError(
                f"another process has the transactional id {self._id}: they fence each other in turn",
                hint="processors of one machine share one AVROGATE_HOME, and machines have names of their own",
            )

    def _call(self, step: Callable[[], Any], *, committing: bool = False) -> None:
        try:
            self._patiently(step)
        except KafkaException as error:
            self._give_up(error, committing=committing)

    def _patiently(self, step: Callable[[], Any], client: Producer | None = None) -> None:
        """Do a step, again after each error that is retriable. Raises the others as they are."""
        until = time.monotonic() + PATIENCE
        while True:
            begun = time.monotonic()
            try:
                step()
                return
            except KafkaException as error:
                cause = error.args[0]
                if not cause.retriable():
                    raise
                (client or self._producer).poll(0)  # raises what waiting does not cure, such as a refused login
                outage = translated(error, self._settings)
                if self._wait is not None:
                    self._wait(outage if isinstance(outage, TransientError) else BrokerUnavailable(outage.message))
                elif time.monotonic() > until:
                    raise outage from error
                if time.monotonic() - begun < PAUSE:
                    time.sleep(PAUSE)

    def _give_up(self, error: KafkaException, *, committing: bool = False) -> None:
        """Bring the producer back to where a transaction can be begun, and raise BatchAborted.

        Raises what cannot be cured as it is.
        """
        cause, before = error.args[0], self.restarts
        if cause.fatal():
            self._replace(cause)
        elif cause.txn_requires_abort() or cause.code() in UNTOLD:
            self.abort()
            self._outdated = True
        else:
            raise translated(error, self._settings) from error
        log.warning("transaction aborted: %s", cause.str())
        uncertain = committing and self.restarts > before  # also where only the abort found the producer finished
        raise BatchAborted(f"transaction aborted: {cause.str()}", cause.code(), uncertain=uncertain) from error


def _finished(error: KafkaError) -> bool:
    return bool(error.fatal()) or error.code() == FINISHED
