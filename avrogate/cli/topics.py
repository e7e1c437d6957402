"""`avrogate topics`: the catalog's topics on the cluster."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

app = typer.Typer(help="Create the catalog's topics, and look at what is in them.", no_args_is_help=True)


@app.command()
def create() -> None:
    """Create the topics that are missing; leave the others as they are and say what differs."""
    from avrogate.cli.console import out
    from avrogate.cli.tables import topics
    from avrogate.settings import load_settings
    from schemas.catalog import shipped_catalog
    from schemas.topics import create_topics

    out.print(topics(list(create_topics(shipped_catalog(), load_settings()))))


@app.command()
def watch(
    topic: Annotated[str, typer.Argument(help="For example events-enriched.")],
    beginning: Annotated[bool, typer.Option("--beginning", help="From the first record, not from now on.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many.")] = None,
) -> None:
    """Print a topic's records as they arrive, decoded, one line of JSON each. Ctrl-C to stop."""
    from avrogate.cli.console import plain
    from avrogate.cli.signals import stop_on_signals
    from avrogate.settings import load_settings
    from schemas.catalog import shipped_catalog
    from schemas.watch import watch as records

    with stop_on_signals() as stop:
        for line in islice(records(load_settings(), shipped_catalog(), topic, stop, beginning=beginning), limit):
            plain(line)
