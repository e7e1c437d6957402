"""`avrogate schemas derive`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from avrogate.cli.options import Folder


def command(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file would change.")] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Write nothing; show what Avro does not say, and who holds it.")
    ] = False,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print the report.")] = "table",
    folder: Folder = None,
) -> None:
    """Derive the Avro schemas from the JSON Schemas."""
    from avrogate.cli.console import fail, out, table
    from schemas.catalog import SCHEMAS
    from schemas.derive.report import COLUMNS, report_json, report_tables
    from schemas.derived import derive_all

    files = derive_all(folder or SCHEMAS)
    if report and form == "json":
        out.print_json(data=report_json(files))
    elif report:
        for name, lost in report_tables(files):
            out.print(table(name, COLUMNS, lost))
    if report:
        return
    stale = [file for file in files if file.state != "unchanged"]
    rows = [("/".join(file.avro_file.parts[-3:]), file.state, len(file.losses)) for file in files]
    out.print(table("Derived schemas", ["file", "state", "held outside Avro"], rows, right=["held outside Avro"]))
    if check and stale:
        names = ", ".join("/".join(file.avro_file.parts[-3:]) for file in stale)
        fail(f"not what the JSON Schemas say: {names}", "run `avrogate schemas derive` and commit the result")
    for file in stale:
        file.write() if file.state != "orphan" else file.avro_file.unlink()
