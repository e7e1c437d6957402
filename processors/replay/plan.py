"""What is to be done with one dead letter. Nothing is done here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from avrogate.errors import ContractError, InvalidEvent
from avrogate.kafka_limits import Headers, record_size
from processors import provenance
from processors.dead_letters import STAGE, DeadLetter
from processors.replay.corrected import Corrected
from processors.replay.correction import Correction, JsonEvent, Known
from processors.replay.originals import Originals
from processors.replay.records import PARKED, REFUSED, SENT
from processors.replay.states import States
from schemas.catalog import Catalog
from schemas.contract import compile_contract
from schemas.contract.structures import Nullable, Record, is_record
from schemas.routes import Routes

# of a raw record that was a dead letter: when that was refused, which tells it from one of a topic made anew
REFUSED_AT = "refused-at"
OWN_HEADERS = {provenance.DEAD_LETTER, provenance.ATTEMPTS, REFUSED_AT}
# A fault that is cured is cured at the first or second try. Somebody who replays again and again without a cure
# would fill the topics with letters of letters; five leaves room for cures in steps.
MAX_ATTEMPTS = 5

Outcome = Literal["sent", "refused", "parked", "cannot be sent", "skipped"]
CANNOT: Outcome = "cannot be sent"
SKIPPED: Outcome = "skipped"


@dataclass(frozen=True)
class Outgoing:
    """The record that sends an event again."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True)
class Decision:
    """What is to be done with a letter, why, and the attempts that it has then.

    `why` is short and one of few; `message` is for a person who looks at one letter.
    """

    letter: DeadLetter
    outcome: Outcome
    why: str
    attempts: int = 0
    message: str | None = None
    outgoing: Outgoing | None = None


@dataclass(frozen=True)
class Repair:
    """How events are corrected, if they are: by a mapping or by a file. `digest` is the file's SHA-256."""

    correction: Correction | None = None
    corrected: Corrected | None = None
    digest: str | None = None


class Planner:
    """Decides letter by letter. `limits` are the bytes that a record of each raw topic may have."""

    def __init__(
        self,
        routes: Routes,
        originals: Originals,
        repair: Repair,
        limits: Mapping[str, int],
        max_attempts: int = MAX_ATTEMPTS,
        parked: bool = False,
    ) -> None:
        self._routes = routes
        self._originals = originals
        self._repair = repair
        self._limits = limits
        self._max_attempts = max_attempts
        self._parked = parked

    def decide(self, letter: DeadLetter, states: States) -> Decision:
        """The decision on one letter. Raises RegistryUnavailable."""
        state, tried = states.of(letter), states.attempts(letter)
        if state == SENT:
            return Decision(letter, SKIPPED, "sent already")
        if not self._parked and state == PARKED:
            return Decision(letter, SKIPPED, "parked already")
        if not self._parked and tried >= self._max_attempts:
            return Decision(letter, PARKED, letter.record["reason"], tried, f"tried {tried} times")
        try:
            outgoing = self._outgoing(letter, tried + 1)
        except _Cannot as why:
            return Decision(letter, CANNOT, str(why))
        except InvalidEvent as error:
            outcome = PARKED if state == PARKED else REFUSED
            return Decision(letter, outcome, error.reason, tried + 1, error.message)
        size = record_size(outgoing.key, outgoing.value, outgoing.headers)
        if size > self._limits[outgoing.topic]:
            return Decision(letter, CANNOT, f"too large for {outgoing.topic} with the headers of a replay")
        return Decision(letter, SENT, letter.record["reason"], tried + 1, outgoing=outgoing)

    def _outgoing(self, letter: DeadLetter, attempts: int) -> Outgoing:
        record = letter.record
        headers = list(_headers(letter, attempts))
        if self._repair.corrected is not None:
            return self._encoded(self._repair.corrected.events[letter.name], headers)
        if record["original_size"] is not None:
            raise _Cannot("its original was cut; --corrected can send it")
        if record["stage"] != STAGE or self._repair.correction is not None:
            return self._encoded(self._repaired(letter), headers)
        if record["topic"] not in self._originals.topics:
            raise _Cannot(f"{record['topic']} is no topic of raw events")
        return Outgoing(record["topic"], record["key"], record["original"], headers)

    def _repaired(self, letter: DeadLetter) -> JsonEvent:
        correction = self._repair.correction
        try:
            event = self._originals.event(letter)
        except ContractError as error:
            if letter.record["stage"] != STAGE and correction is None:
                raise
            reason = getattr(error, "reason", None)
            raise _Cannot(f"no event can be read in it ({reason or error.message})") from error
        if correction is None:
            return event
        repaired = correction.apply(event)
        if repaired == event:
            raise _Cannot("the correction changes nothing in it")
        return repaired

    def _encoded(self, event: Any, headers: Headers) -> Outgoing:
        route = self._routes.of(event)
        key, value = route.encode(event, [] if route.drops_unknown else None)
        return Outgoing(route.topic, key, value, headers)


def known_fields(catalog: Catalog) -> Known:
    """The dotted JSON names of what each raw event has in its newest version."""
    raw = [name for name, topic in catalog.topics.items() if topic.stage == "raw"]
    return {
        event: frozenset(_paths(compile_contract(catalog.newest(name, event).resolved).root))
        for name in raw
        for event in catalog.topics[name].events
    }


def _paths(record: Record, before: str = "") -> Iterator[str]:
    for field in record.fields:
        yield before + field.json_name
        value = field.value.value if isinstance(field.value, Nullable) else field.value
        if is_record(value):
            yield from _paths(value, f"{before}{field.json_name}.")


def _headers(letter: DeadLetter, attempts: int) -> Iterator[tuple[str, bytes | None]]:
    """The original's headers, with those of an earlier replay replaced by this one's."""
    for header in letter.record["headers"]:
        if header["name"] not in OWN_HEADERS:
            yield header["name"], header["value"]
    yield provenance.DEAD_LETTER, letter.name.encode()
    yield provenance.ATTEMPTS, b"%d" % attempts
    yield REFUSED_AT, b"%d" % letter.record["time"]


class _Cannot(Exception):
    """Why a letter cannot be sent again as things are."""
