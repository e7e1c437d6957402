"""Event time is plausible.

A client with a wrong clock would move the watermark of every report, or put its users into a day that never was.

Refuses  an event more than five minutes ahead of the broker's timestamp, or before the year 2000 (UTC)
Fixes    nothing
Example  12:06:00 on an event that the broker got at 12:00:00 is refused, 12:05:00 is not
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from processors.rules import Context, RecordRule, Refusal, Together

AHEAD = 5 * 60 * 1000
YEAR_2000 = 946_684_800_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def apply(values: Mapping[str, Any], context: Context) -> Refusal | None:
    """Compare the event's time with the broker's and with the year 2000."""
    time = values["time"]
    if time < YEAR_2000:
        return Refusal(f"{_text(time)} is before the year 2000", "time")
    if time > context.timestamp + AHEAD:
        ahead = (time - context.timestamp) // 1000
        return Refusal(f"{_text(time)} is {ahead} seconds ahead of the broker, at most 300 are allowed", "time")
    return None


def passes(columns: Mapping[str, Any], together: Together) -> Iterable[bool]:
    """Compare all times at once."""
    times = columns["time"]
    passed: Iterable[bool] = (times >= YEAR_2000) & (times <= together.timestamps + AHEAD)
    return passed


def _text(milliseconds: int) -> str:
    try:
        return (EPOCH + timedelta(milliseconds=milliseconds)).isoformat()
    except OverflowError:
        return f"{milliseconds} ms"


rule = RecordRule(
    name="event-time",
    reads={"time": "timestamp-millis"},
    apply=apply,
    order=110,
    passes=passes,
)
