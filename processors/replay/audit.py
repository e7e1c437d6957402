"""Whether replays add up: each letter that is recorded as sent has exactly one raw record, and the other way round.

A replay may go on meanwhile. Records are read before the raw topic, which then has the events of all of them, and
once more after it, when they are there for all its events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from confluent_kafka import Message

from avrogate.kafka_reading import headers_of
from processors.dead_letters import DeadLetter
from processors.provenance import DEAD_LETTER
from processors.replay.plan import REFUSED_AT
from processors.replay.records import SENT, Replay
from processors.replay.states import State, States


class Identity(NamedTuple):
    """A dead letter for ever: its place, and when it was refused, in case its topic is made anew."""

    name: str
    refused_at: int


@dataclass
class ReplayAudit:
    """What became of the dead letters. The lists hold their names; all are empty if all is well.

    `lost` are recorded as sent without an event, `unrecorded` the other way round, `twice` were sent more than once.
    `expired` counts those whose event the raw topic need not have any more.
    """

    letters: int = 0
    states: dict[State, int] = field(default_factory=lambda: {"open": 0, "sent": 0, "parked": 0})
    events: int = 0
    expired: int = 0
    lost: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Whether each letter is in one state, and each that was sent again was so once."""
        faults = self.lost or self.unrecorded or self.twice
        return not faults and self.letters == sum(self.states.values())

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dead_letters": self.letters,
            **{str(state): number for state, number in self.states.items()},
            "events": self.events,
            "expired": self.expired,
            "lost": self.lost,
            "unrecorded": self.unrecorded,
            "twice": self.twice,
        }


@dataclass
class Returned:
    """What a raw topic says of dead letters that were sent again: how often each came back.

    `horizon` is the time, in milliseconds, before which events may have been deleted by retention; 0 if none were.
    """

    events: Counter[Identity] = field(default_factory=Counter)
    horizon: int = 0
    _seen: set[int] = field(default_factory=set)

    def add(self, message: Message) -> None:
        """Look at a raw record; foreign ones may have any headers."""
        partition = message.partition() or 0
        if partition not in self._seen:
            self._seen.add(partition)
            if message.offset():  # the first that is left is not the first that was there
                self.horizon = max(self.horizon, message.timestamp()[1])
        identity = returned(message)
        if identity is not None:
            self.events[identity] += 1


def returned(message: Message) -> Identity | None:
    """Which dead letter a raw record was, or None if it was none."""
    found: dict[str, Any] = dict(headers_of(message) or ())
    name, time = found.get(DEAD_LETTER), found.get(REFUSED_AT)
    if not isinstance(name, bytes) or not isinstance(time, bytes) or not time.isdigit() or len(time) > 19:
        return None
    return Identity(name.decode(errors="replace"), int(time))


def compare(
    letters: Iterable[DeadLetter],
    before: Iterable[Replay],
    events: Counter[Identity],
    after: Iterable[Replay],
    horizon: int = 0,
) -> ReplayAudit:
    """Hold records and events against each other; `before` and `after` the events were read."""
    result = ReplayAudit(events=events.total())
    later = [*after]
    states = States(later)
    there = set()
    for letter in letters:
        result.letters += 1
        result.states[states.of(letter)] += 1
        there.add(Identity(letter.name, letter.record["time"]))
    sent = {Identity(one.dead_letter, one.refused_at): one.time for one in before if one.outcome == SENT}
    for identity, time in sent.items():
        if identity not in events:
            if time <= horizon:
                result.expired += 1
            else:
                result.lost.append(identity.name)
    recorded = {Identity(one.dead_letter, one.refused_at) for one in later if one.outcome == SENT}
    for identity, number in events.items():
        if number > 1:
            result.twice.append(identity.name)
        # the record of a letter that is gone may be gone as well: one at the same place has taken its key
        if identity in there and identity not in recorded:
            result.unrecorded.append(identity.name)
    return result
