"""`avrogate analytics`: exact numbers from the enriched events. Each file here but the helpers is a command."""

import typer

from avrogate.cli.groups import add_commands

app = typer.Typer(help="Exact numbers from the enriched events, on Spark.", no_args_is_help=True)
HELPERS = {"apart", "live", "minute_tables", "range_tables", "recomputing", "render", "reports"}
add_commands(app, __name__, __path__, HELPERS)
