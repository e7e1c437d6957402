"""What became of a run's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Counts of a run.

    sent      by event: acknowledged by the broker
    refused   by reason: in the dead-letter topic, or raised to the caller
    dropped   unknown fields that were left out, by event and field
    failed    handed to the broker's client, which gave up on them
    seconds   from the first moment to the last
    signal    number of the signal that ended the run early, if one did
    """

    sent: Mapping[str, int]
    refused: Mapping[str, int]
    dropped: Mapping[str, int]
    failed: int
    seconds: float
    signal: int | None = None

    @property
    def all_sent(self) -> int:
        """Events that the broker acknowledged."""
        return sum(self.sent.values())

    @property
    def all_refused(self) -> int:
        """Events that were refused."""
        return sum(self.refused.values())

    @property
    def rate(self) -> float:
        """Events per second, refused ones included."""
        return (self.all_sent + self.all_refused) / self.seconds if self.seconds else 0.0
