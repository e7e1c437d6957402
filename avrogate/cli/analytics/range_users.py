"""`avrogate analytics range-users`."""

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
    top: Annotated[int, typer.Option(min=0, help="Rows of the table; 0: all.")] = 25,
) -> None:
    """Distinct users of several days together, by country and platform. Exact; nobody is in the total twice."""
    from analytics.range_users import range_users
    from avrogate.cli.analytics import range_tables
    from avrogate.cli.console import out
    from avrogate.settings import load_settings

    (begin, end), settings = days(first, last), load_settings()
    check(form, output)

    def report(spark: SparkSession) -> None:
        found = range_users(spark, settings, activity=activity.value, first=begin, last=end, source=source.value)
        if form is Format.table:
            out.print(*range_tables.shown(found, top or None), sep="\n")
            return
        rows = range_tables.rows(found)
        give(spark, form, output, lambda: range_tables.as_text(found, form.value), range_tables.KINDS, rows)

    with_spark(settings, "range-users", source, report)
