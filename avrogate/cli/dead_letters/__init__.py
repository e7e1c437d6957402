"""`avrogate dead-letters`: what was refused, and sending it again. Each file here but `options` is a command."""

import typer

from avrogate.cli.groups import add_commands

app = typer.Typer(help="List, show and replay dead letters.", no_args_is_help=True)
add_commands(app, __name__, __path__, {"options"})
