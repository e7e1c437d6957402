"""`avrogate analytics lake`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from avrogate.cli.analytics.apart import all_refused, set_apart

if TYPE_CHECKING:
    from analytics.lake_fill import BatchWritten, FillSummary
    from avrogate.settings import Settings

APART = "the lake's event _refused"


def command(
    until_idle: Annotated[
        float | None, typer.Option(help="Stop once nothing has come for this many seconds.", min=0)
    ] = None,
    compact: Annotated[bool, typer.Option("--compact", help="Rewrite small files as large ones, and end.")] = False,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Delete files that were replaced more than 7 days ago, and end.")
    ] = False,
) -> None:
    """Every enriched event into the lake (AVROGATE_LAKE), a Delta table by event and day. Ctrl-C to stop."""
    from avrogate.settings import load_settings

    if (compact or vacuum) and until_idle is not None:
        raise typer.BadParameter("--compact and --vacuum end by themselves", param_hint="--until-idle")
    settings = load_settings()
    if compact or vacuum:
        _upkeep(settings, compact, vacuum)
    else:
        _fill(settings, until_idle)


def filled(summary: FillSummary) -> str:
    """What a run did, in a line."""
    return f"{summary.events:,} events into the lake at {summary.location}, {summary.files:,} files."


def _fill(settings: Settings, until_idle: float | None) -> None:
    from analytics.lake_fill import fill_lake, prepare_fill
    from analytics.session import spark_session
    from avrogate.cli.console import err, out
    from avrogate.cli.signals import stop_on_signals

    prepare_fill(settings)  # what can be said without a JVM is said at once
    spark = spark_session(settings, "avrogate lake", long_running=until_idle is None)
    try:
        with stop_on_signals() as stop:  # after Spark has set its own handler, which would cancel the batch
            summary = fill_lake(spark, settings, until_idle=until_idle, stop=stop, on_batch=_say)
    finally:
        spark.stop()
    out.print(filled(summary), highlight=False)
    if summary.refused:
        err.print(all_refused(summary.refused, APART), markup=False, highlight=False, soft_wrap=True)


def _upkeep(settings: Settings, compacts: bool, vacuums: bool) -> None:
    from analytics.lake import clear_errors, existing_lake, require_lake
    from analytics.lake_upkeep import compact, vacuum
    from analytics.session import spark_session
    from avrogate.cli.console import out

    require_lake(settings)
    spark = spark_session(settings, "avrogate lake upkeep")
    try:
        with clear_errors(settings):
            lake = existing_lake(spark, settings)
            done = compact(lake) if compacts else None
            if vacuums:
                vacuum(lake)
        if done:
            size = f"{done.size / 1_000_000:,.1f} MB"
            out.print(f"Compacted: {done.before:,} files before, {done.after:,} after, {size}.", highlight=False)
        if vacuums:
            out.print("Files that were replaced more than 7 days ago are deleted.", highlight=False)
    finally:
        spark.stop()


def _say(written: BatchWritten) -> None:
    from avrogate.cli.console import err

    err.print(f"batch {written.batch}: {written.events:,} events in {written.files:,} files", highlight=False)
    if written.refused:
        err.print(set_apart(written.refused, written.place, APART), markup=False, highlight=False, soft_wrap=True)
