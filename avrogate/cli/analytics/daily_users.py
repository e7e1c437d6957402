"""`avrogate analytics daily-users`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from avrogate.cli.analytics.reports import (
    Activity,
    First,
    Form,
    Format,
    Last,
    Origin,
    Output,
    Source,
    Who,
    check,
    days,
    give,
    with_spark,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def command(
    first: First = None,
    last: Last = None,
    activity: Who = Activity.init,
    source: Source = Origin.lake,
    form: Form = Format.table,
    output: Output = None,
    top: Annotated[int, typer.Option(min=0, help="Rows of a day in the table; 0: all.")] = 25,
) -> None:
    """Distinct users by day (UTC), country and platform. Exact; a total row says a day's users overall."""
    from analytics.daily_users import daily_users
    from avrogate.cli.analytics import render
    from avrogate.cli.console import out
    from avrogate.settings import load_settings

    (begin, end), settings = days(first, last), load_settings()
    check(form, output)

    def report(spark: SparkSession) -> None:
        found = daily_users(spark, settings, activity=activity.value, first=begin, last=end, source=source.value)
        if form is Format.table:
            out.print(*render.daily(found, top or None), sep="\n")
            return
        text = render.daily_json if form is Format.json else render.daily_csv
        give(spark, form, output, lambda: text(found), render.DAILY, render.daily_rows(found))

    with_spark(settings, "daily-users", source, report)
