"""Whether a dead letter is open, sent again or parked, and how often its event has been tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from processors.dead_letters import DeadLetter
from processors.replay.records import PARKED, SENT, Replay

State = Literal["open", "sent", "parked"]
STATES: tuple[State, ...] = ("open", "sent", "parked")


class States:
    """The newest record of each letter. A letter without one, or whose event was refused still, is open."""

    def __init__(self, replays: Iterable[Replay]) -> None:
        self._newest = {replay.dead_letter: replay for replay in replays}

    def of(self, letter: DeadLetter) -> State:
        """The state of a letter."""
        match self._known(letter):
            case Replay(outcome="sent"):
                return SENT
            case Replay(outcome="parked"):
                return PARKED
            case _:
                return "open"

    def attempts(self, letter: DeadLetter) -> int:
        """How often its event has been tried, by producers, processors and replays together."""
        known = self._known(letter)
        tried: int = letter.record["attempts"]
        return max(tried, known.attempts) if known else tried

    def says(self, letter: DeadLetter, outcome: str, attempts: int) -> bool:
        """Whether that is the newest of a letter."""
        known = self._known(letter)
        return known is not None and (known.outcome, known.attempts) == (outcome, attempts)

    def _known(self, letter: DeadLetter) -> Replay | None:
        found = self._newest.get(letter.name)
        return found if found is not None and found.is_of(letter) else None
