"""The record's key is the event's user.

Kafka keeps order per key, and profiles live in the partition of their user: an event under another key would be
judged with somebody else's partition.

Refuses  an event whose key is not the text of its user (the field that the catalog names as the event's key)
Fixes    nothing
Example  key `7` on an event of user `42` is refused
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import eq
from typing import Any

from processors.rules import Context, RecordRule, Refusal, Together


def apply(values: Mapping[str, Any], context: Context) -> Refusal | None:
    """Compare the record's key with the event's user."""
    if context.key == context.user.encode():
        return None
    key = "no key" if context.key is None else f'key "{context.key.decode(errors="backslashreplace")}"'
    return Refusal(f'{key} on an event of user "{context.user}"', context.user_field)


def passes(columns: Mapping[str, Any], together: Together) -> Iterable[bool]:
    """Compare all keys at once."""
    return map(eq, together.keys, together.users)


rule = RecordRule(name="misplaced-key", reads={}, apply=apply, order=100, passes=passes)
