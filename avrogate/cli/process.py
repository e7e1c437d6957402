"""`avrogate process`: the quality processor."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    until_idle: Annotated[
        float | None, typer.Option(help="Stop once nothing has come for this many seconds.", min=0.1)
    ] = None,
) -> None:
    """Judge raw events: enriched ones on, refused ones to the dead letters, each exactly once. Ctrl-C to stop."""
    from avrogate.cli.console import out, progress_line
    from avrogate.cli.signals import stop_on_signals
    from avrogate.cli.tables import outcomes
    from avrogate.settings import load_settings
    from processors.run import process

    with stop_on_signals() as stop, progress_line() as line:
        tally = process(
            load_settings(),
            stop,
            until_idle=until_idle,
            progress=lambda tally: line(f"{tally.events:,} events in {tally.transactions:,} transactions"),
        )
    out.print(outcomes(tally))
