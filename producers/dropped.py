"""Counting the unknown fields that are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

MANY = 100  # names of dropped fields that are counted one by one; a client could send new ones for ever


def count_dropped(counts: Counter[str], event: str, fields: Iterable[str]) -> None:
    """Count an event's dropped fields by event and name; beyond MANY names they are `others`."""
    for field in fields:
        name = f"{event}: {field[:100]}"
        counts[name if name in counts or len(counts) < MANY else "others"] += 1
