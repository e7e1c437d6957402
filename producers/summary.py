"""What became of a run's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from producers.file_progress import FileProgress


@dataclass(frozen=True)
class FileReport:
    """A file after a run: how far it is, all runs together.

    `began_after` is the line after which this run began; `already` says that it found nothing to do.
    """

    progress: FileProgress
    began_after: int = 0
    already: bool = False


@dataclass(frozen=True)
class Summary:
    """Counts of a run.

    sent      by event: acknowledged by the broker
    refused   by reason: in the dead-letter topic, or raised to the caller
    dropped   unknown fields that were left out, by event and field
    failed    handed to the broker's client, which gave up on them
    seconds   from the first moment to the last
    signal    number of the signal that ended the run early, if one did
    file      the file that was sent, if it was one that can be told from others
    """

    sent: Mapping[str, int]
    refused: Mapping[str, int]
    dropped: Mapping[str, int]
    failed: int
    seconds: float
    signal: int | None = None
    file: FileReport | None = None

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
