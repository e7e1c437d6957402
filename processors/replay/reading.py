"""Dead letters with what became of them, for a person to look at."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from avrogate.errors import ContractError
from avrogate.settings import Settings
from processors.dead_letters import DeadLetter, DeadLetters
from processors.replay.filters import Filters
from processors.replay.originals import Originals
from processors.replay.records import Replays
from processors.replay.states import State, States
from schemas.catalog import Catalog
from schemas.json_events import event_text
from schemas.registry import Registry

WithState = tuple[DeadLetter, State]


@dataclass
class Kind:
    """The letters of one stage and reason: their number by state, the times of the first and last in milliseconds,
    and the message of the newest one."""

    stage: str
    reason: str
    first: int
    last: int
    sample: str = ""
    states: dict[State, int] = field(default_factory=lambda: {"open": 0, "sent": 0, "parked": 0})

    @property
    def number(self) -> int:
        """All of them."""
        return sum(self.states.values())

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "stage": self.stage,
            "reason": self.reason,
            "number": self.number,
            **{str(state): number for state, number in self.states.items()},
            "first": self.first,
            "last": self.last,
            "sample": self.sample,
        }


def letters(settings: Settings, catalog: Catalog, filters: Filters | None = None) -> Iterator[WithState]:
    """The letters that match, each with its state, as they were before the call.

    Waits for transactions that are open. Raises ConfigError if a topic is missing, SchemaNotRegistered,
    BrokerUnavailable, RegistryUnavailable.
    """
    registry = Registry(settings)
    source = DeadLetters(settings, catalog, registry)
    states = States(Replays(settings, catalog, registry).read())
    chosen = filters or Filters()
    return ((letter, states.of(letter)) for letter in source.read() if chosen.match(letter))


def kinds(found: Iterable[WithState]) -> list[Kind]:
    """Letters counted by stage and reason, in alphabetical order."""
    result: dict[tuple[str, str], Kind] = {}
    for letter, state in found:
        record = letter.record
        name, moment = (record["stage"], record["reason"]), record["time"]
        kind = result.setdefault(name, Kind(*name, first=moment, last=moment))
        kind.states[state] += 1
        kind.first = min(kind.first, moment)
        if moment >= kind.last:
            kind.last, kind.sample = moment, record["message"]
    return [result[name] for name in sorted(result)]


def readable(letter: DeadLetter, state: State, originals: Originals) -> str:
    """A letter as one line of JSON: bytes that are UTF-8 text as text, others as `base64:…`.

    With the event as `event` where it can be read: to be edited and given to `replay --corrected`.
    """
    content = {"partition": letter.partition, "offset": letter.offset, "state": state, "letter": _text(letter.record)}
    with suppress(ContractError):  # the letter itself says what is wrong with it
        content["event"] = originals.event(letter)
    return event_text(content, ascii_only=False)


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_text(item) for item in value]
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(value).decode()
