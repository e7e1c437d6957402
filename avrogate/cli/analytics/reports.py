"""What the reports of users have in common on the command line: their options, and where they go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from analytics.parquet import Kind
    from avrogate.settings import Settings


class Format(StrEnum):
    """How a report is given."""

    table = "table"
    json = "json"
    csv = "csv"
    parquet = "parquet"


class Activity(StrEnum):
    """Who counts as a user."""

    init = "init"
    any = "any"


class Origin(StrEnum):
    """Where the events are read."""

    lake = "lake"
    kafka = "kafka"


First = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC).")]
Last = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day (UTC).")]
Who = Annotated[
    Activity, typer.Option("--activity", help="init: who opened the game; any: anyone seen in any event.")
]
Source = Annotated[
    Origin, typer.Option(help="lake: reads only the days asked for; kafka: the topic as it is now, all of it.")
]
Form = Annotated[Format, typer.Option("--format", help="All but the table have every row.")]
Output = Annotated[Path | None, typer.Option(help="A file to write json, csv or parquet to.", dir_okay=False)]


def days(first: datetime | None, last: datetime | None) -> tuple[date | None, date | None]:
    """The days that are asked for. Raises typer.BadParameter if they are in the wrong order."""
    if first and last and last < first:
        raise typer.BadParameter(f"{last:%Y-%m-%d} is before {first:%Y-%m-%d}", param_hint="--to")
    return (first.date() if first else None), (last.date() if last else None)


def check(form: Format, output: Path | None) -> None:
    """Raise typer.BadParameter for a format and a file that do not go together."""
    if form is Format.parquet and output is None:
        raise typer.BadParameter("parquet needs a file to write to", param_hint="--output")
    if form is Format.table and output is not None:
        raise typer.BadParameter("a table is for the terminal: --format json, csv or parquet", param_hint="--output")
    if output is not None and not output.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.absolute().parent}", param_hint="--output")


def with_spark(settings: Settings, name: str, source: Origin, work: Callable[[SparkSession], None]) -> None:
    """Do what needs Spark, after all that can be said without it."""
    from analytics.session import spark_session
    from analytics.sources import ready
    from schemas.catalog import shipped_catalog

    ready(settings, shipped_catalog(), source.value)
    spark = spark_session(settings, f"avrogate {name}")
    try:
        work(spark)
    finally:
        spark.stop()


def give(
    spark: SparkSession,
    form: Format,
    output: Path | None,
    text: Callable[[], str],
    columns: Mapping[str, Kind],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Print a report, or write it to its file. Raises ConfigError if that cannot be written."""
    from analytics.parquet import write_parquet
    from avrogate.cli.console import err, plain
    from avrogate.errors import ConfigError

    if output is None:
        plain(text())
        return
    if form is Format.parquet:
        write_parquet(spark, output, columns, rows)
    else:
        try:
            output.write_text(text() + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{output} cannot be written: {error.strerror}") from error
    err.print(f"written to {output}", highlight=False)
