"""The winner of a match is one of its two players.

Refuses  a match whose winner is somebody else
Fixes    nothing
Example  winner `cat` in a match of `ann` and `bob` is refused
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from processors.rules import Context, RecordRule, Refusal, Together


def apply(values: Mapping[str, Any], context: Context) -> Refusal | None:
    """Look for the winner among the players."""
    if values["winner"] in (values["user_a"], values["user_b"]):
        return None
    return Refusal(f'"{values["winner"]}" is neither "{values["user_a"]}" nor "{values["user_b"]}"', "winner")


def passes(columns: Mapping[str, Any], together: Together) -> Iterable[bool]:
    """Look for all winners at once."""
    players = zip(columns["winner"], columns["user_a"], columns["user_b"], strict=True)
    return (winner in (user_a, user_b) for winner, user_a, user_b in players)


rule = RecordRule(
    name="winner-played",
    reads={"winner": "string", "user_a": "string", "user_b": "string"},
    apply=apply,
    order=130,
    passes=passes,
)
