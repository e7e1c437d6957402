"""`avrogate analytics`: distinct users a day, and the minute KPIs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from analytics.results import MinuteKpis
    from analytics.sink import BatchReport
    from avrogate.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Exact numbers from the enriched events, on Spark.")


class Format(StrEnum):
    """How a report is printed."""

    table = "table"
    json = "json"
    csv = "csv"


class StreamFormat(StrEnum):
    """How the minute KPIs are printed."""

    table = "table"
    json = "json"


class Activity(StrEnum):
    """Who counts as a day's user."""

    init = "init"
    any = "any"


@app.command("daily-users")
def daily_users(
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC).")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day (UTC).")] = None,
    activity: Annotated[
        Activity, typer.Option(help="init: who opened the game; any: anyone seen in any event.")
    ] = Activity.init,
    form: Annotated[Format, typer.Option("--format", help="csv and json have every row.")] = Format.table,
    top: Annotated[int, typer.Option(min=0, help="Rows of a day in the table; 0: all.")] = 25,
) -> None:
    """Distinct users by day (UTC), country and platform. Exact; a total row says a day's users overall."""
    from analytics.daily_users import daily_users as report_of
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
        report = report_of(spark, settings, activity=activity.value, first=days[0], last=days[1])
    finally:
        spark.stop()
    if form is Format.table:
        out.print(*render.daily(report, top or None), sep="\n")
    else:
        plain(render.daily_json(report) if form is Format.json else render.daily_csv(report))


@app.command("minute-kpis")
def minute_kpis(
    once: Annotated[bool, typer.Option("--once", help="Compute all that is in the topic, publish nothing.")] = False,
    until_idle: Annotated[
        float | None, typer.Option(help="Stop once nothing has come for this many seconds.", min=0)
    ] = None,
    form: Annotated[StreamFormat, typer.Option("--format", help="json has every row.")] = StreamFormat.table,
) -> None:
    """KPIs of each minute (UTC), counted as events come and published to kpis-minute. Ctrl-C to stop."""
    from avrogate.cli.analytics import render
    from avrogate.cli.console import out, plain
    from avrogate.settings import load_settings

    if once and until_idle is not None:
        raise typer.BadParameter("--once reads what is there and ends by itself", param_hint="--until-idle")
    settings = load_settings()
    results = _once(settings) if once else _streamed(settings, until_idle)
    if form is StreamFormat.table:
        out.print(*render.minutes(results), sep="\n")
    else:
        plain(render.minutes_json(results))


def _once(settings: Settings) -> MinuteKpis:
    from analytics.minute_kpis import compute_once
    from analytics.results import MinuteKpis
    from analytics.session import spark_session
    from analytics.writers import prepare
    from schemas.catalog import shipped_catalog

    prepare(settings, shipped_catalog(), not_empty=True)
    spark = spark_session(settings, "avrogate minute-kpis --once")
    try:
        return MinuteKpis(rows=compute_once(spark, settings))
    finally:
        spark.stop()


def _streamed(settings: Settings, until_idle: float | None) -> MinuteKpis:
    from analytics.kpi_topic import read_results
    from analytics.session import spark_session
    from analytics.stream import prepare_stream, run_stream
    from avrogate.cli.signals import stop_on_signals

    prepare_stream(settings)
    spark = spark_session(settings, "avrogate minute-kpis", long_running=until_idle is None)
    try:
        with stop_on_signals() as stop:  # after Spark has set its own handler, which would cancel the batch
            run_stream(spark, settings, until_idle=until_idle, stop=stop, on_batch=_say)
    finally:
        spark.stop()
    return read_results(settings)


def _say(report: BatchReport) -> None:
    from avrogate.cli.analytics.render import batch
    from avrogate.cli.console import err

    err.print(batch(report), highlight=False)
