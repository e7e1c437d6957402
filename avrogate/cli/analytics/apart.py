"""What is said of records that are no event."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics.quarantine import Place


def set_apart(refused: int, place: Place | None, see: object) -> str:
    """A line about records that are no event: how many, the first of them, and where they are kept."""
    kind = "record is no event" if refused == 1 else "records are no events"
    first = place and f"{place.reason} at {place.topic}, partition {place.partition}, offset {place.offset}"
    where = f", the first: {first}; see {see}" if first else ""
    return f"warning: {refused:,} {kind} of the topic{where}"


def all_refused(number: int, see: object) -> str:
    """The same about a whole run, at its end."""
    kind = "record was no event" if number == 1 else "records were no events"
    return f"warning: in all {number:,} {kind} of the topic and skipped; see {see}"
