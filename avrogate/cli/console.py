"""What all commands print with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.exceptions import TyperException

out = Console()
err = Console(stderr=True)


def fail(message: str, hint: str | None = None, code: int = 1) -> NoReturn:
    """Say what went wrong on standard error, and what to do, and exit. One line each, no traceback."""
    print(f"avrogate: {message}", file=sys.stderr)  # noqa: T201  # plain: never wrapped, never read as markup
    if hint:
        print(f"          {hint}", file=sys.stderr)  # noqa: T201
    sys.exit(code)


def fail_usage(error: TyperException) -> NoReturn:
    """Say what is wrong with the call itself; a bare group shows its help instead."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "avrogate"
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.exit(error.exit_code)
    fail(error.format_message(), f"`{path} --help` shows what there is", error.exit_code)


def plain(text: str) -> None:
    """Print text as it is: not wrapped, not coloured, not read as markup."""
    print(text)  # noqa: T201


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """A line that is written over in place on a terminal; elsewhere it says nothing."""
    if not err.is_terminal:
        yield lambda text: None
        return
    with err.status("waiting for events") as status:
        yield lambda text: status.update(text)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = ()) -> Table:
    """A table; `right` names the columns of numbers. Cells are text, never markup."""
    result = Table(title=title or None, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        result.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        result.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return result
