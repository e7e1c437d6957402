"""What the compatibility check has to say."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong between two versions, at a JSON pointer into the newer schema."""

    rule: str
    pointer: str
    message: str
    advice: str


@dataclass(frozen=True, order=True)
class Finding:
    """A problem of a subject. `older` and `newer` name the versions that it is between; `older` may be empty."""

    subject: str
    older: str
    newer: str
    rule: str
    pointer: str
    message: str
    advice: str

    @classmethod
    def of(cls, subject: str, older: str, newer: str, problem: Problem) -> Finding:
        """A problem, and between which versions of which subject it is."""
        return cls(subject, older, newer, **asdict(problem))

    @property
    def versions(self) -> str:
        """The versions in a few characters."""
        return f"{self.older} → {self.newer}" if self.older else self.newer
