"""Where events come from, as the publisher's loop sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

Event = Mapping[str, Any] | str | bytes


class Line(NamedTuple):
    """One event, as an object or as the text that somebody sent, and its line in the source (from 1)."""

    number: int
    event: Event


class Source(Protocol):
    """A run of events. `done` counts up to `total`, in a unit of the source's own; None if nobody knows."""

    @property
    def name(self) -> str:
        """What dead letters say about where a line came from."""

    @property
    def total(self) -> int | None:
        """What `done` will be at the end."""

    @property
    def done(self) -> int:
        """How much has been read."""

    def __iter__(self) -> Iterator[Line]:
        """The lines, once."""
