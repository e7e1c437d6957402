"""`avrogate stack`: the embedded broker and registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

app = typer.Typer(help="The local Kafka broker and schema registry; data stay between runs.", no_args_is_help=True)


@app.command()
def up() -> None:
    """Start what is not running. The first start downloads the jars."""
    from avrogate.cli.console import err
    from avrogate.local.stack import Stack
    from avrogate.settings import load_settings

    stack = Stack(load_settings())
    with download_progress() as progress:
        stack.up(lambda line: err.print(line, markup=False, highlight=False, soft_wrap=True), progress)
    status()


@app.command()
def down() -> None:
    """Stop what runs from this AVROGATE_HOME, and nothing else."""
    from avrogate.cli.console import out
    from avrogate.local.stack import Stack
    from avrogate.settings import load_settings

    stopped = Stack(load_settings()).down(report=lambda line: out.print(line, markup=False))
    out.print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running", highlight=False)


@app.command()
def status() -> None:
    """Show each service's state, address, process, memory and places."""
    from avrogate.cli.console import out
    from avrogate.cli.console import table as make_table
    from avrogate.local.stack import Stack
    from avrogate.settings import load_settings

    services = Stack(load_settings()).status()
    rows = [(one.name, one.state, one.address, one.pid, one.memory_mb) for one in services]
    out.print(make_table("", ("service", "state", "address", "pid", "MB"), rows, right=("pid", "MB")))
    for one in services:
        if one.state != "external":
            out.print(f"{one.name}: data in {one.data}, log {one.log}", soft_wrap=True, markup=False)


@contextmanager
def download_progress() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on a terminal for Stack.up's `progress`; elsewhere None, so that lines are reported instead."""
    from avrogate.cli.console import err

    if not err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=None, visible=False)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total, visible=True)
