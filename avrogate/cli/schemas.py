"""`avrogate schemas`: deriving, checking, registering and looking at schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(help="Derive, check, register and show schemas.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Option("--folder", help="A schema folder other than the one that is installed.")
]
AnyLevel = Literal[
    "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE", "NONE"
]


@app.command()
def derive(
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


@app.command()
def check(
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
        from schemas.catalog import SCHEMAS
        from schemas.whole_check import catalog_report

        report = catalog_report(folder or SCHEMAS, against)
    plain(report.text(form))
    if report.findings:
        fail(report.verdict)


@app.command()
def register(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be registered; write nothing.")] = False,
    folder: Folder = None,
) -> None:
    """Register every schema, references first, and set each subject's compatibility."""
    from avrogate.cli.console import out
    from avrogate.cli.tables import registrations
    from avrogate.settings import load_settings
    from schemas.catalog import SCHEMAS, load_catalog
    from schemas.register import register_all
    from schemas.registry import Registry

    registry = Registry(load_settings())
    done = list(register_all(load_catalog(folder or SCHEMAS), registry, dry_run=dry_run))
    out.print(registrations(done))
    new = sum(row.outcome != "unchanged" for row in done)
    out.print(f"{new} {'would be new' if dry_run else 'new'}, {len(done) - new} unchanged, at {registry.url}")


@app.command("list")
def list_subjects() -> None:
    """List the registry's subjects with their versions and compatibility level."""
    from avrogate.cli.console import out, table
    from avrogate.settings import load_settings
    from schemas.registry import Registry

    registry = Registry(load_settings())
    rows = [
        (
            subject,
            ", ".join(map(str, registry.versions(subject))),
            registry.compatibility(subject) or "the registry's",
        )
        for subject in registry.subjects()
    ]
    out.print(table(f"Subjects at {registry.url}", ["subject", "versions", "compatibility"], rows))


@app.command()
def show(
    subject: Annotated[str, typer.Argument(help="For example events-raw-games.events.raw.Init.")],
    version: Annotated[int | None, typer.Option(help="The newest if not given.")] = None,
) -> None:
    """Print one registered schema."""
    from avrogate.cli.console import fail, out
    from avrogate.settings import load_settings
    from schemas.registry import Registry

    registry = Registry(load_settings())
    versions = registry.versions(subject)
    found = registry.version_text(subject, version or max(versions, default=0)) if versions else None
    if found is None:
        have = f"it has {versions}" if versions else "`avrogate schemas list` shows the subjects"
        fail(f"{subject} has no version {version}" if versions else f"no subject {subject} at {registry.url}", have)
    out.print_json(found.text)


@app.command()
def diff(folder: Folder = None) -> None:
    """Show where the registry and the repository differ; exit code 1 if they do."""
    from avrogate.cli.console import fail, out, table
    from avrogate.settings import load_settings
    from schemas.catalog import SCHEMAS, load_catalog
    from schemas.drift import drift
    from schemas.registry import Registry

    registry = Registry(load_settings())
    found = list(drift(load_catalog(folder or SCHEMAS), registry))
    if not found:
        out.print(f"{registry.url} and the repository agree", highlight=False)
        return
    rows = [(one.kind, one.subject, one.message) for one in found]
    out.print(table(f"Registry {registry.url} against the repository", ["what", "subject", "difference"], rows))
    fail(f"{len(found)} differences", "`avrogate schemas register` adds what is missing and sets the levels")
