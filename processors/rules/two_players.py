"""A match has two players.

Refuses  a match with the same user on both sides
Fixes    nothing
Example  user-a `ann`, user-b `ann` is refused
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import ne
from typing import Any

from processors.rules import Context, RecordRule, Refusal, Together


def apply(values: Mapping[str, Any], context: Context) -> Refusal | None:
    """Compare the two players."""
    if values["user_a"] != values["user_b"]:
        return None
    return Refusal(f'"{values["user_b"]}" plays against themselves', "user_b")


def passes(columns: Mapping[str, Any], together: Together) -> Iterable[bool]:
    """Compare all pairs at once."""
    return map(ne, columns["user_a"], columns["user_b"])


rule = RecordRule(
    name="two-players",
    reads={"user_a": "string", "user_b": "string"},
    apply=apply,
    order=120,
    passes=passes,
)
