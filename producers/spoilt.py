"""Events made invalid on purpose: what broken clients send.

Two kinds: those that break the contract, which the producer refuses, and those that the contract allows and only
a quality rule refuses, in the processor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from producers.source import Event
from schemas.json_events import event_text

Sent = Mapping[str, Any]
INIT, MATCH, PURCHASE = "init", "match", "in-app-purchase"
EVERY = (INIT, MATCH, PURCHASE)
YEAR_1999, YEAR_2100 = 915_148_800, 4_102_444_800


@dataclass(frozen=True)
class Fault:
    """One way to spoil an event. `refused_by` is the stage that must refuse it."""

    name: str
    refused_by: Literal["producer", "processor"]
    events: tuple[str, ...]
    spoil: Callable[[Sent], Event]


def _set(field: str, value: Any) -> Callable[[Sent], Event]:
    return lambda event: {**event, field: value}


def _set_user(value: Any) -> Callable[[Sent], Event]:
    return lambda event: {**event, "user-a" if "user-a" in event else "user-id": value}


def _cut(event: Sent) -> str:
    return event_text(event)[:-1]


def _without_last(event: Sent) -> Event:
    return dict(list(event.items())[:-1])


def _twice(event: Sent) -> str:
    return f"{_cut(event)}, {event_text({'time': 0})[1:]}"


def _nan(event: Sent) -> str:
    return event_text({**event, "purchase_value": Decimal("NaN")})


def _against_self(event: Sent) -> Event:
    return {**event, "user-b": event["user-a"], "winner": event["user-a"]}


FAULTS = (
    Fault("not JSON", "producer", EVERY, _cut),
    Fault("unknown type", "producer", EVERY, _set("event-type", "logout")),
    Fault("missing field", "producer", EVERY, _without_last),
    Fault("stray country", "producer", (PURCHASE,), _set("country", "US")),
    Fault("tier 6", "producer", (MATCH,), _set("game-tier", 6)),
    Fault("negative duration", "producer", (MATCH,), _set("duration", -1)),
    Fault("negative value", "producer", (PURCHASE,), _set("purchase_value", Decimal("-4.99"))),
    Fault("three decimals", "producer", (PURCHASE,), _set("purchase_value", Decimal("3.999"))),
    Fault("NaN", "producer", (PURCHASE,), _nan),
    Fault("user of 51 characters", "producer", EVERY, _set_user("u" * 51)),
    Fault("user is true", "producer", EVERY, _set_user(True)),
    Fault("a key twice", "producer", EVERY, _twice),
    Fault("winner did not play", "processor", (MATCH,), _set("winner", "a spectator")),
    Fault("plays against oneself", "processor", (MATCH,), _against_self),
    Fault("in the year 2100", "processor", EVERY, _set("time", YEAR_2100)),
    Fault("in the year 1999", "processor", EVERY, _set("time", YEAR_1999)),
)
FAULTS_OF = {event: tuple(fault for fault in FAULTS if event in fault.events) for event in EVERY}
