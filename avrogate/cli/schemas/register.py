"""`avrogate schemas register`."""

from __future__ import annotations

from typing import Annotated

import typer

from avrogate.cli.options import Folder


def command(
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
