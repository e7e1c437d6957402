"""Times and spans as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from avrogate.errors import ConfigError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_span(text: str) -> int:
    """Seconds of `90s`, `10m`, `2h` or `7d`. Raises ConfigError for anything else, and for no time at all."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if not match or not int(match[1]):
        raise ConfigError(f"{text!r} is not a span of time", hint="for example 90s, 10m, 2h or 7d")
    return int(match[1]) * UNITS[match[2]]


def parse_moment(text: str) -> int:
    """Unix seconds of a number or of ISO 8601, which is UTC unless it says otherwise.

    Raises ConfigError for anything else, and for a moment before 1970.
    """
    hint = "for example 2026-01-31T12:00:00Z, or Unix seconds"
    if re.fullmatch(r"[0-9]{1,11}", text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is not a time", hint) from error
    seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    if seconds < 0:
        raise ConfigError(f"{text!r} is before 1970", hint)
    return seconds
