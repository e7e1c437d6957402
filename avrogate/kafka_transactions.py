"""Kafka transactions, and what to do about each kind of error in one.

Per the client's documentation ("Transactional producer API") an error is retriable (call again), abortable (abort,
start the batch again) or fatal (this producer is finished; make a new one and start the batch again).
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Timer
from typing import Any, NoReturn

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from avrogate.errors import AvrogateError, BrokerUnavailable, ConfigError
from avrogate.kafka import producer, translated
from avrogate.kafka_calls import STUCK, TRY, Calls, Step, Stuck, Wait
from avrogate.settings import Settings

log = logging.getLogger(__name__)

# seconds after which the broker aborts a transaction that nobody ends
TIMEOUT = 60.0
# seconds in which a new client has to find its coordinator and get its epoch; then another is made
BEGINNING = 30.0
# seconds for which a client that is given up is kept
RETIREMENT = 30.0
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
# what a commit says when the broker refused a record: the client has not asked it to commit then
REFUSED = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError._INCONSISTENT}
# so often within so many seconds: two processes have one transactional id and fence each other in turn
FENCED_OFTEN, WITHIN = 5, 60.0

# key, value, headers, partition
Outgoing = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]], int]


class BatchAborted(AvrogateError):
    """The transaction was aborted: the batch has to be done again. `code` is Kafka's error code of what made it so.

    Nothing of it is visible, unless it is `uncertain`: it was the commit that failed, and the broker may have taken
    it all the same. What was committed has to be looked up then; a new producer has ended what was open.
    """

    def __init__(self, message: str, code: int, *, uncertain: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.uncertain = uncertain


class TransactionalProducer:
    """One transaction after another, each of them all or nothing.

    Making one ends what an earlier producer of the same transactional id left open, and fences that producer.
    After a transaction that was aborted a new client goes on, in a new epoch: within one epoch a broker cannot tell a
    late record of the aborted transaction from one of the next (Kafka's KIP-890).

    `limits` are the bytes that the topics take (`avrogate.kafka_limits`). `wait` is called after each try that an
    outage spoilt, and may sleep or raise; without it BrokerUnavailable is raised after half a minute of tries.
    `fenced` is raised when another producer has taken the transactional id; without it, it is taken back. With it
    a client that does not answer is an outage (BrokerUnavailable), because a new one could take it from another.
    `linger` is how many milliseconds a record may wait for more of its partition; a commit does not wait for it.
    `restarts` counts the clients that had to be replaced, not those that follow an aborted transaction.
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
        self._calls = Calls(settings, wait)
        self._fenced = fenced
        self._linger = linger
        self._fenced_at: deque[float] = deque(maxlen=FENCED_OFTEN)
        self._producer = self._made()

    def resize(self, limits: Mapping[str, int]) -> None:
        """Go on with a producer whose requests the topics take. No transaction may be open."""
        self._limits = limits
        self._renew()

    def begin(self) -> None:
        """Open a transaction. Raises BatchAborted if it takes another try."""
        self._call(lambda client: client.begin_transaction())

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
        self._call(lambda client: client.send_offsets_to_transaction(list(positions), membership, TRY))

    def commit(self) -> None:
        """Commit the open transaction. Raises BatchAborted if that fails, `uncertain` if the broker may have it."""
        self._call(lambda client: client.commit_transaction(TRY), committing=True)

    def abort(self) -> None:
        """Abort the open transaction, if there is one.

        One that cannot be aborted now is ended by the next client, or by the broker after a minute. Raises `fenced`.
        """
        try:
            self._calls.do(lambda client: client.abort_transaction(TRY), self._producer, STUCK)
        except Stuck as stuck:
            self._stuck(stuck)
        except KafkaException as error:
            cause = error.args[0]
            if _finished(cause):
                self._lost(cause)
            # _STATE: none is open, or a call of it still runs (whoever interrupted it ends now)
            elif cause.code() != KafkaError._STATE and not cause.txn_requires_abort():
                raise translated(error, self._settings) from error

    def flush(self) -> None:
        """Wait until the broker has every record of the open transaction."""
        while self._producer.flush(TRY):
            pass

    def _call(self, step: Step, *, committing: bool = False) -> None:
        try:
            self._calls.do(step, self._producer, TIMEOUT)
        except Stuck as stuck:
            self._stuck(stuck)
            self._renew()
            message = f"transaction aborted: {stuck.message}"
            raise BatchAborted(message, KafkaError._TIMED_OUT, uncertain=committing) from stuck
        except KafkaException as error:
            self._give_up(error, committing=committing)

    def _give_up(self, error: KafkaException, *, committing: bool = False) -> NoReturn:
        """Bring it back to where a transaction can be begun, and raise BatchAborted.

        Raises what cannot be cured as it is.
        """
        cause = error.args[0]
        if cause.fatal():
            self._lost(cause)
        elif cause.txn_requires_abort() or cause.code() in UNTOLD:
            self.abort()
        else:
            raise translated(error, self._settings) from error
        self._renew()
        log.warning("transaction aborted: %s", cause.str())
        uncertain = committing and cause.code() not in REFUSED
        raise BatchAborted(f"transaction aborted: {cause.str()}", cause.code(), uncertain=uncertain) from error

    def _stuck(self, stuck: Stuck) -> None:
        if self._fenced is not None:
            raise BrokerUnavailable(f"broker unreachable at {self._settings.brokers} ({stuck.message})") from stuck
        log.warning("a new producer takes over: %s", stuck.message)
        self.restarts += 1

    def _lost(self, cause: KafkaError) -> None:
        log.warning("a new producer takes over: %s", cause.str())
        self.restarts += 1
        if cause.code() not in FENCED:
            return
        if self._fenced is not None:
            raise self._fenced
        now = time.monotonic()
        self._fenced_at.append(now)
        if len(self._fenced_at) == FENCED_OFTEN and now - self._fenced_at[0] < WITHIN:
            raise ConfigError(
                f"another process has the transactional id {self._id}: they fence each other in turn",
                hint="processors of one machine share one AVROGATE_HOME, and machines have names of their own",
            )

    def _renew(self) -> None:
        made, old = self._made(), [self._producer]
        self._producer = made
        _discard(old, RETIREMENT)

    def _made(self) -> Producer:
        """A client that has its epoch; nothing of an earlier one is open then."""
        while True:
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
                self._calls.do(lambda client: client.init_transactions(TRY), made, BEGINNING)
                return made
            except Stuck as stuck:
                self._stuck(stuck)
            except KafkaException as error:
                raise translated(error, self._settings) from error
            vain = [made]
            del made
            _discard(vain)  # at once: it would go on asking for an epoch, and could fence the next


def _finished(error: KafkaError) -> bool:
    return bool(error.fatal()) or error.code() == FINISHED


def _discard(clients: list[Producer], after: float = 0.0) -> None:
    """Let go of clients that nobody else has, `after` some seconds, and wait for nothing: the end of one joins
    threads of its own, which may be stuck. Until then an error may still hold it, in the thread that works.
    """
    end = Timer(after, clients.clear)
    end.daemon = True
    end.start()
