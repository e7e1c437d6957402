"""The winner of a match is one of its two players.

Refuses  a match whose winner is somebody else
Fixes    nothing
Example  winner `cat` in a match of `ann` and `bob` is refused
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processors.rules import Context, RecordRule, Refusal


def apply(values: Mapping[str, Any], context: Context) -> Refusal | None:
    """Look for the winner among the players."""
    if values["winner"] in (values["user_a"], values["user_b"]):
        return None
    return Refusal(f'"{values["winner"]}" is neither "{values["user_a"]}" nor "{values["user_b"]}"', "winner")


rule = RecordRule(
    name="winner-played",
    reads={"winner": "string", "user_a": "string", "user_b": "string"},
    apply=apply,
    order=130,
)
