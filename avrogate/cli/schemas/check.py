"""`avrogate schemas check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from avrogate.cli.options import Folder

AnyLevel = Literal[
    "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE", "NONE"
]


def command(
    folder: Folder = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="REF", help="A git revision: what it has is released.")
    ] = None,
    form: Annotated[Literal["table", "json", "junit"], typer.Option("--format", help="How to print it.")] = "table",
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Any folder of .avsc files under git, instead of the catalog's.")
    ] = None,
    level: Annotated[
        AnyLevel, typer.Option("--level", help="With --dir: which versions must read which.")
    ] = "FULL_TRANSITIVE",
) -> None:
    """Check schemas, examples, and each version with all earlier ones; no registry is asked."""
    from avrogate.cli.console import fail, plain

    if directory and folder:
        fail("--dir and --folder are two things", "--folder has a catalog, --dir is any folder of .avsc files")
    if directory:  # imported apart: --dir needs neither Kafka's client nor a JSON Schema library
        from schemas.avsc_folders import check_avsc_folder

        report = check_avsc_folder(directory, level, against)
    else:
        from avrogate.consumers import all_consumers
        from schemas.catalog import SCHEMAS
        from schemas.whole_check import catalog_report

        report = catalog_report(folder or SCHEMAS, against, all_consumers)
    plain(report.text(form))
    if report.findings:
        fail(report.verdict)
