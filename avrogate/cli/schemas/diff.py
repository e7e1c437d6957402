"""`avrogate schemas diff`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from avrogate.cli.options import Folder


def command(
    folder: Folder = None,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print it.")] = "table",
) -> None:
    """Show where the registry and the repository differ; exit code 1 if they do."""
    import json
    from dataclasses import asdict

    from avrogate.cli.console import fail, out, plain, table
    from avrogate.settings import load_settings
    from schemas.catalog import SCHEMAS, load_catalog
    from schemas.drift import drift
    from schemas.registry import Registry

    registry = Registry(load_settings())
    found = list(drift(load_catalog(folder or SCHEMAS), registry))
    if form == "json":
        plain(json.dumps([asdict(one) for one in found], indent=2))
    elif not found:
        out.print(f"{registry.url} and the repository agree", highlight=False, soft_wrap=True)
    else:
        rows = [(one.kind, one.subject, one.message) for one in found]
        out.print(table(f"Registry {registry.url} against the repository", ["what", "subject", "difference"], rows))
    if found:
        count = f"{len(found)} difference{'s' if len(found) > 1 else ''}"
        fail(count, "`avrogate schemas register` adds what is missing and sets the levels")
