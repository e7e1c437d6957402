"""`avrogate analytics minute-kpis`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from avrogate.cli.analytics.recomputing import First, Last, Recompute, minutes, recomputed

if TYPE_CHECKING:
    from analytics.results import MinuteKpis
    from avrogate.settings import Settings


class Format(StrEnum):
    """How the minute KPIs are printed."""

    table = "table"
    json = "json"


def command(
    once: Annotated[bool, typer.Option("--once", help="Compute all that is in the topic, publish nothing.")] = False,
    until_idle: Annotated[
        float | None, typer.Option(help="Stop once nothing has come for this many seconds.", min=0)
    ] = None,
    again: Recompute = False,
    first: First = None,
    last: Last = None,
    form: Annotated[Format, typer.Option("--format", help="json has every row.")] = Format.table,
) -> None:
    """KPIs of each minute (UTC), counted as events come and published to kpis-minute. Ctrl-C to stop."""
    from avrogate.cli.analytics import render
    from avrogate.cli.console import out, plain
    from avrogate.settings import load_settings

    if once and until_idle is not None:
        raise typer.BadParameter("--once reads what is there and ends by itself", param_hint="--until-idle")
    chosen, settings = minutes(again, first, last), load_settings()
    if chosen and (once or until_idle is not None):
        raise typer.BadParameter("--recompute ends by itself and publishes", param_hint="--recompute")
    results = _again(settings, *chosen) if chosen else _once(settings) if once else _streamed(settings, until_idle)
    if form is Format.table:
        out.print(*render.minutes(results), sep="\n")
    else:
        plain(render.minutes_json(results))


def _again(settings: Settings, first: datetime, last: datetime) -> MinuteKpis:
    from analytics.kpi_topic import read_results

    recomputed(settings, first, last)
    found = read_results(settings)
    return replace(found, rows=tuple(row for row in found.rows if first <= row.minute <= last))


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
    from analytics.kpi_reader import read_results
    from analytics.quarantine import Quarantine
    from analytics.session import spark_session
    from analytics.stream import prepare_stream, run_stream
    from avrogate.cli.analytics.apart import all_refused
    from avrogate.cli.analytics.live import shown_live
    from avrogate.cli.console import err
    from avrogate.cli.signals import stop_on_signals

    *_, checkpoint = prepare_stream(settings)
    spark = spark_session(settings, "avrogate minute-kpis", long_running=until_idle is None)
    try:
        # signals after Spark has set its own handler, which would cancel the batch
        with stop_on_signals() as stop, shown_live(settings) as on_batch:
            summary = run_stream(spark, settings, until_idle=until_idle, stop=stop, on_batch=on_batch)
    finally:
        spark.stop()
    if summary.refused:
        said = all_refused(summary.refused, Quarantine(checkpoint).folder)
        err.print(said, markup=False, highlight=False, soft_wrap=True)
    return read_results(settings)
