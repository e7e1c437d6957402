"""`avrogate analytics daily-users`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How a report is printed."""

    table = "table"
    json = "json"
    csv = "csv"


class Activity(StrEnum):
    """Who counts as a day's user."""

    init = "init"
    any = "any"


def command(
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC).")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day (UTC).")] = None,
    activity: Annotated[
        Activity, typer.Option(help="init: who opened the game; any: anyone seen in any event.")
    ] = Activity.init,
    form: Annotated[Format, typer.Option("--format", help="csv and json have every row.")] = Format.table,
    top: Annotated[int, typer.Option(min=0, help="Rows of a day in the table; 0: all.")] = 25,
) -> None:
    """Distinct users by day (UTC), country and platform. Exact; a total row says a day's users overall."""
    from analytics.daily_users import daily_users
    from analytics.session import spark_session
    from analytics.writers import prepare
    from avrogate.cli.analytics import render
    from avrogate.cli.console import out, plain
    from avrogate.settings import load_settings
    from schemas.catalog import shipped_catalog

    if first and last and last < first:
        raise typer.BadParameter(f"{last:%Y-%m-%d} is before {first:%Y-%m-%d}", param_hint="--to")
    settings = load_settings()
    prepare(settings, shipped_catalog(), not_empty=True)  # what can be said without a JVM is said at once
    spark = spark_session(settings, "avrogate daily-users")
    try:
        days = (first.date() if first else None), (last.date() if last else None)
        report = daily_users(spark, settings, activity=activity.value, first=days[0], last=days[1])
    finally:
        spark.stop()
    if form is Format.table:
        out.print(*render.daily(report, top or None), sep="\n")
    else:
        plain(render.daily_json(report) if form is Format.json else render.daily_csv(report))
