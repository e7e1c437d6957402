"""The command line: `avrogate`. Each file beside this one is a command or a group of commands.

A file offers `app` (a typer application: a group named after the file) or `command` (a function: one command
named after the file). Commands parse, call and render; heavy imports stand inside them, so that `--help` is quick.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import typer

from avrogate.cli.console import fail
from avrogate.errors import AvrogateError

HELPERS = {"console"}


def build() -> typer.Typer:
    """The whole command line, with every file of this folder in it."""
    app = typer.Typer(
        name="avrogate",
        help="A schema-registry-first event platform.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name in HELPERS:
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        name = module_info.name.replace("_", "-")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name=name)(module.command)
    app.callback()(_root)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the only place where errors become text and an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        build()(args=given, prog_name="avrogate")
    except AvrogateError as error:
        if debug:
            raise
        fail(error.message, error.hint)
    except KeyboardInterrupt:
        fail("interrupted")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        fail(f"{type(error).__name__}: {error}", "this is a defect; run it again with --debug for the traceback")


def _root(debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error.")) -> None:
    """Events under contract, from JSON Schema to exact numbers."""
