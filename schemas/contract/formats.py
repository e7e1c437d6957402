"""The formats of text that are enforced.

`date-time` and `date` are those of RFC 3339 (without leap seconds), which every draft of JSON Schema means;
`uuid` is RFC 4122's text. In JSON Schema a format is an annotation unless a validator asserts it: ours does
(`schemas.validate`), with these functions, so that both judges refuse the same events.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-](\d\d):(\d\d))", re.ASCII)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def is_date(text: str) -> bool:
    """Whether the text is a day of the calendar: `2025-01-31`."""
    found = _DATE.fullmatch(text)
    return found is not None and _exists(date, found.groups())


def is_date_time(text: str) -> bool:
    """Whether the text is a point in time with its offset: `2025-01-31T12:00:00Z`."""
    found = _TIME.fullmatch(text[11:])
    if found is None or text[10] not in "Tt" or not is_date(text[:10]):
        return False
    hour, minute, second, *offset = found.groups()
    return _exists(time, (hour, minute, second)) and _exists(time, [part or "0" for part in offset])


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID with its hyphens, in either case."""
    return _UUID.fullmatch(text) is not None


FORMATS: dict[str, Callable[[str], bool]] = {"date-time": is_date_time, "date": is_date, "uuid": is_uuid}


def _exists(kind: Callable[..., object], parts: tuple[str, ...] | list[str]) -> bool:
    try:
        kind(*map(int, parts))
    except ValueError:
        return False
    return True
