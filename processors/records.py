"""What goes into the processor and what comes out of it, one record at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record of the raw topic as the broker gave it. `timestamp` is the broker's, in milliseconds.

    `headers` is None where a header's name is not UTF-8: Kafka's client gives none of them then.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None = ()


class Profile(NamedTuple):
    """A user's newest country and platform, and the (event time in ms, offset) of the init that said so."""

    time: int
    offset: int
    country: str
    platform: str


@dataclass(frozen=True, slots=True)
class Enriched:
    """The event passed. `record` is in the enriched schema, `value` its wire format."""

    record: dict[str, Any]
    key: bytes
    value: bytes
    event: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The event did not pass: what its dead letter says. `event` is its type, if it could be told."""

    reason: str
    message: str
    rule: str | None = None
    field: str | None = None
    schema_id: int | None = None
    event: str | None = None


Outcome = Enriched | Refused
