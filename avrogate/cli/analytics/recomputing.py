"""`avrogate analytics minute-kpis --recompute`."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from avrogate.settings import Settings

DAY = "%Y-%m-%d"
FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", DAY]


def last_minute(text: str) -> datetime:
    """The last minute that a text names: of a date, the last of its day. Raises typer.BadParameter."""
    for form in FORMATS:
        with suppress(ValueError):
            found = datetime.strptime(text, form)
            return found.replace(hour=23, minute=59) if form == DAY else found
    raise typer.BadParameter(f"{text!r} is neither a minute such as 2026-03-14T12:59 nor a date")


Recompute = Annotated[
    bool, typer.Option("--recompute", help="Count final minutes again, late events too, from the lake; publish them.")
]
First = Annotated[
    datetime | None,
    typer.Option("--from", formats=FORMATS, help="First minute (UTC) of --recompute; a date is its first minute."),
]
Last = Annotated[
    datetime | None,
    typer.Option(
        "--to",
        parser=last_minute,
        metavar=f"<{'|'.join(FORMATS)}>",
        help="Last minute (UTC) of --recompute, included; a date is the whole day, through 23:59.",
    ),
]


def minutes(wanted: bool, first: datetime | None, last: datetime | None) -> tuple[datetime, datetime] | None:
    """The minutes to count again, if that is asked for. Raises typer.BadParameter if it is not said which."""
    if not wanted:
        if first or last:
            raise typer.BadParameter("--from and --to say what to --recompute", param_hint="--from")
        return None
    if first is None or last is None:
        raise typer.BadParameter("it needs --from and --to, both included", param_hint="--recompute")
    if last < first:
        raise typer.BadParameter(f"{last:%Y-%m-%d %H:%M} is before {first:%Y-%m-%d %H:%M}", param_hint="--to")
    return first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)


def recomputed(settings: Settings, first: datetime, last: datetime) -> None:
    """Do it, and say what it came to."""
    from analytics.lake import require_lake
    from analytics.recompute import final_minutes, recompute
    from analytics.session import spark_session
    from avrogate.cli.console import err
    from schemas.catalog import shipped_catalog

    final_minutes(settings, shipped_catalog(), last)
    require_lake(settings)
    spark = spark_session(settings, "avrogate minute-kpis --recompute")
    try:
        done = recompute(spark, settings, first, last)
    finally:
        spark.stop()
    span = f"{done.first:%Y-%m-%d %H:%M} to {done.last:%Y-%m-%d %H:%M}"
    err.print(
        f"{span}: {done.values:,} values counted again, {done.changed:,} of them changed; revision {done.revision}",
        highlight=False,
    )
