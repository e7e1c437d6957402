"""The command line: `avrogate`. Each file beside this one is a command or a group of commands.

A file offers `app` (a typer application: a group named after the file) or `command` (a function: one command
named after the file). Commands parse, call and render; heavy imports stand inside them, so that `--help` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from typer.exceptions import Abort, TyperException

from avrogate.cli.console import fail, fail_usage
from avrogate.cli.groups import add_commands
from avrogate.errors import AvrogateError

HELPERS = {"console", "groups", "options", "signals", "steps", "tables"}
# what shells give a process that Ctrl-C ended
INTERRUPTED = 130


def build() -> typer.Typer:
    """The whole command line, with every file of this folder in it."""
    app = typer.Typer(
        name="avrogate",
        help="A schema-registry-first event platform.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    add_commands(app, __name__, __path__, HELPERS)
    app.callback()(_root)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the only place where errors become text and an exit code.

    Exits with 2 for a wrong call, 1 for any other error, 130 after Ctrl-C.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        code = build()([argument for argument in given if argument != "--debug"], "avrogate", standalone_mode=False)
    except TyperException as error:
        fail_usage(error)
    except AvrogateError as error:
        if debug:
            raise
        fail(error.message, error.hint)
    except (KeyboardInterrupt, Abort):
        fail("interrupted", code=INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        fail(f"{type(error).__name__}: {error}", "this is a defect; run it again with --debug for the traceback")
    if code == INTERRUPTED:
        fail("interrupted", code=INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _root(debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error.")) -> None:
    """Events under contract, from JSON Schema to exact numbers."""
