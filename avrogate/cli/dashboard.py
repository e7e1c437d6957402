"""`avrogate dashboard`."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    host: Annotated[
        str | None, typer.Option(help="Where it listens; 127.0.0.1 unless given. Nobody has to log in to it.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="8090 unless given.", min=0, max=65535)] = None,
) -> None:
    """The live dashboard, for a browser: KPIs by minute, dead letters, the pipeline's health. Ctrl-C to stop."""
    from analytics.dashboard.board import Source, open_board
    from analytics.dashboard.server import Place, served
    from avrogate.cli.console import err
    from avrogate.cli.signals import stop_on_signals
    from avrogate.errors import TransientError
    from avrogate.kafka import require_topics
    from avrogate.logs import configure
    from avrogate.settings import load_settings
    from processors.run import GROUP
    from schemas.catalog import shipped_catalog

    given = {"dashboard_host": host, "dashboard_port": port}
    settings = load_settings().model_copy(update={name: value for name, value in given.items() if value is not None})
    configure(settings.log_level, err)
    source = Source(settings, shipped_catalog(), GROUP)
    try:
        require_topics(settings, source.topics)
    except TransientError as outage:  # the page says so, too, and fills once it is over
        err.print(f"{outage.message}: waiting", markup=False, highlight=False, soft_wrap=True)
    with (
        stop_on_signals() as stop,
        open_board(source) as board,
        served(board, Place.of(settings), stop) as address,
    ):
        err.print(f"the dashboard is at {address} (Ctrl-C to stop)", markup=False, highlight=False, soft_wrap=True)
        stop.wait()
