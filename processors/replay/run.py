"""Sending dead letters again: batch by batch, events and records of what became of them in one transaction.

Kill it anywhere and run it again: no event is sent twice. The producer has one transactional id for ever; making
it ends what a killed run left open and fences a run that still lives. What was sent is read after that.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Event

from confluent_kafka import KafkaError

from avrogate.errors import AvrogateError
from avrogate.kafka import require_topic
from avrogate.kafka_limits import limits
from avrogate.kafka_transactions import BatchAborted, TransactionalProducer
from avrogate.settings import Settings
from processors.dead_letters import DeadLetter, DeadLetters
from processors.replay.filters import Filters
from processors.replay.originals import Originals
from processors.replay.plan import CANNOT, MAX_ATTEMPTS, SKIPPED, Decision, Planner, Repair
from processors.replay.records import REFUSED, SENT, Replay, Replays
from processors.replay.states import States
from schemas.catalog import Catalog
from schemas.registry import Registry
from schemas.routes import Routes

log = logging.getLogger(__name__)

TRANSACTIONAL_ID = "avrogate-dead-letter-replay"
# letters of one transaction: a few are slow, and many are long in an open transaction that readers wait for
BATCH = 300
# so often in a row is a batch done again before somebody has to look at it
TRIES = 5


@dataclass(frozen=True)
class Order:
    """What is asked of a replay; at most `limit` events are tried. With `dry_run` nothing is written."""

    filters: Filters = field(default_factory=Filters)
    repair: Repair = field(default_factory=Repair)
    limit: int | None = None
    max_attempts: int = MAX_ATTEMPTS
    parked: bool = False
    dry_run: bool = False


@dataclass
class Summary:
    """Letters by outcome and why; `stopped` if somebody asked to stop before the last."""

    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    stopped: bool = False

    def of(self, outcome: str) -> int:
        """How many had this outcome."""
        return sum(number for (found, _), number in self.letters.items() if found == outcome)


Heard = Callable[[Decision], None]


def replay(settings: Settings, catalog: Catalog, order: Order, stop: Event, heard: Heard = lambda _: None) -> Summary:
    """Send again what `order` says, as it was written before the call. `heard` hears of each letter once it is done.

    `stop` ends it after the batch at hand. Raises ConfigError (a missing topic, a corrected letter that is not
    there), SchemaNotRegistered, BrokerUnavailable, RegistryUnavailable, and AvrogateError if another replay has
    taken over; what was committed before stays, and the next run goes on there.
    """
    registry = Registry(settings)
    letters = DeadLetters(settings, catalog, registry)
    replays = Replays(settings, catalog, registry)
    originals = Originals(catalog, registry)
    for topic in (letters.topic, replays.topic, *originals.topics):
        require_topic(settings, topic)
    if order.repair.corrected is not None:
        order.repair.corrected.require(letter.name for letter in letters.read())
    taken = limits(settings, (replays.topic, *originals.topics))
    planner = Planner(
        Routes(catalog, registry), originals, order.repair, taken, order.max_attempts, parked=order.parked
    )
    wanted = _wanted(letters.read(), order)
    summary = Summary()
    if order.dry_run:
        states = States(replays.read())
        _rehearse(wanted, planner, states, order.limit, stop, heard, summary)
        return summary
    producer = TransactionalProducer(
        settings,
        f"{TRANSACTIONAL_ID}-{letters.topic}",
        limits=taken,
        fenced=AvrogateError(
            "another replay has taken over: this one has stopped, and what it had committed stays",
            hint="one at a time; `avrogate dead-letters list` shows how far they are",
        ),
    )
    _Run(planner, replays, producer, order, heard, summary).all(wanted, stop)
    return summary


def _wanted(letters: Iterable[DeadLetter], order: Order) -> Iterator[DeadLetter]:
    corrected = order.repair.corrected
    for letter in letters:
        if order.filters.match(letter) and (corrected is None or letter.name in corrected.events):
            yield letter


def _rehearse(
    wanted: Iterator[DeadLetter],
    planner: Planner,
    states: States,
    limit: int | None,
    stop: Event,
    heard: Heard,
    summary: Summary,
) -> None:
    tried = 0
    for letter in wanted:
        if stop.is_set() or tried == limit:
            summary.stopped = stop.is_set()
            return
        decision = planner.decide(letter, states)
        tried += decision.outcome in (SENT, REFUSED)
        summary.letters[decision.outcome, decision.why] += 1
        heard(decision)


class _Run:
    def __init__(
        self,
        planner: Planner,
        replays: Replays,
        producer: TransactionalProducer,
        order: Order,
        heard: Heard,
        summary: Summary,
    ) -> None:
        self._planner = planner
        self._replays = replays
        self._producer = producer
        self._order = order
        self._heard = heard
        self._summary = summary
        self._states = States(replays.read())

    def all(self, wanted: Iterator[DeadLetter], stop: Event) -> None:
        """Every letter, in batches."""
        while batch := list(islice(wanted, self._next())):
            if stop.is_set():
                self._summary.stopped = True
                return
            for decision in self._done(batch):
                self._summary.letters[decision.outcome, decision.why] += 1
                self._heard(decision)

    def _next(self) -> int:
        """How many letters the next batch may have."""
        tried = self._summary.of(SENT) + self._summary.of(REFUSED)
        return BATCH if self._order.limit is None else min(BATCH, self._order.limit - tried)

    def _done(self, batch: Sequence[DeadLetter]) -> list[Decision]:
        """Do a batch, again if its transaction is aborted."""
        for _ in range(TRIES):
            decisions = [self._planner.decide(letter, self._states) for letter in batch]
            made = [one for one in decisions if one.outcome not in (CANNOT, SKIPPED)]
            try:
                self._commit(made)
            except BatchAborted as aborted:
                if aborted.code == KafkaError.MSG_SIZE_TOO_LARGE:
                    raise AvrogateError(
                        "an event is larger than its topic takes, though not by the limits that the broker told",
                        hint="was max.message.bytes changed meanwhile? then run it again",
                    ) from aborted
                log.warning("%s; doing the batch again", aborted.message)
                # what the broker made of it, not what the client believes, decides what is sent again
                self._states = States(self._replays.read())
                if aborted.uncertain and self._taken(made):
                    return decisions
            else:
                return decisions
        raise AvrogateError(f"a batch was aborted {TRIES} times in a row", hint="the log says why, run it again")

    def _taken(self, decisions: Sequence[Decision]) -> bool:
        """Whether the broker has them, though the commit failed here: a transaction is there as a whole."""
        return all(self._states.says(one.letter, one.outcome, one.attempts) for one in decisions)

    def _commit(self, decisions: Sequence[Decision]) -> None:
        if not decisions:
            return
        self._producer.begin()
        try:
            for decision in decisions:
                self._write(decision)
            self._producer.commit()
        except AvrogateError:  # aborted already, or the next replay's producer ends it
            raise
        except BaseException:
            self._producer.abort()
            raise

    def _write(self, decision: Decision) -> None:
        sent = decision.outgoing
        if sent is not None:
            self._producer.send(sent.topic, sent.key, sent.value, sent.headers)
        letter = decision.letter
        record = Replay(
            letter.name, letter.record["time"], decision.outcome, decision.attempts, int(time.time() * 1000)
        )
        digest = self._order.repair.digest
        self._producer.send(self._replays.topic, *self._replays.encode(record, decision.message, digest))
