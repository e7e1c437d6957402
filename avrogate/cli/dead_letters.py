"""`avrogate dead-letters`: what was refused, and why."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="List and show dead letters.", no_args_is_help=True)


@app.command("list")
def list_dead_letters() -> None:
    """Count the dead letters by reason, with a sample of each."""
    from avrogate.cli.console import out
    from avrogate.cli.tables import dead_letters
    from avrogate.settings import load_settings
    from processors.dead_letters import DeadLetters
    from schemas.catalog import shipped_catalog
    from schemas.registry import Registry

    settings = load_settings()
    out.print(dead_letters(DeadLetters(settings, shipped_catalog(), Registry(settings)).read()))


@app.command()
def show(
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    limit: Annotated[int, typer.Option(help="At most this many.", min=1)] = 10,
) -> None:
    """Print dead letters in full, as JSON lines; bytes that are text as text, others as base64."""
    from itertools import islice

    from avrogate.cli.console import plain
    from avrogate.settings import load_settings
    from processors.dead_letters import DeadLetters, readable
    from schemas.catalog import shipped_catalog
    from schemas.registry import Registry

    settings = load_settings()
    letters = DeadLetters(settings, shipped_catalog(), Registry(settings)).read()
    wanted = (letter for letter in letters if reason in (None, letter.record["reason"]))
    for letter in islice(wanted, limit):
        plain(readable(letter))
