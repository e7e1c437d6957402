"""The filters that all three commands have."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from processors.replay.filters import Filters


class Stage(StrEnum):
    """Who refused it."""

    producer = "producer"
    processor = "processor"


TIME = "ISO 8601 (UTC unless it says otherwise) or Unix seconds."

Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Only this reason; may be given again.")]
OfStage = Annotated[Stage | None, typer.Option("--stage", help="Only what this side refused.")]
Rule = Annotated[str | None, typer.Option(help="Only what this quality rule refused.")]
Topic = Annotated[str | None, typer.Option(help="Only events that were on this topic, or meant for it.")]
Key = Annotated[str | None, typer.Option(help="Only events with this key, which is the user as text.")]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help=f"Only refused since then: {TIME}")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help=f"Only refused before then: {TIME}")]
Partition = Annotated[int | None, typer.Option(min=0, help="Only this partition of the dead letters.")]
Offset = Annotated[int | None, typer.Option(min=0, help="Only the letter at this offset of --partition.")]


def filters(
    reason: list[str] | None,
    stage: Stage | None,
    rule: str | None,
    topic: str | None,
    key: str | None,
    since: str | None,
    until: str | None,
    partition: int | None,
    offset: int | None,
) -> Filters:
    """What was given, as one object. Raises ConfigError for what is no time, and for options that do not agree."""
    from avrogate.times import parse_moment
    from processors.replay.filters import Filters

    return Filters(
        reasons=frozenset(reason or ()),
        stage=stage.value if stage else None,
        rule=rule,
        topic=topic,
        key=key,
        since=None if since is None else parse_moment(since),
        until=None if until is None else parse_moment(until),
        partition=partition,
        offset=offset,
    )
