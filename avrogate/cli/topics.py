"""`avrogate topics`: the catalog's topics on the cluster."""

from __future__ import annotations

import typer

app = typer.Typer(help="Create the catalog's topics.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `create` a subcommand, though it is the only one."""


@app.command()
def create() -> None:
    """Create the topics that are missing; leave the others as they are and say what differs."""
    from avrogate.cli.console import out
    from avrogate.cli.tables import topics
    from avrogate.settings import load_settings
    from schemas.catalog import shipped_catalog
    from schemas.topics import create_topics

    out.print(topics(list(create_topics(shipped_catalog(), load_settings()))))
