"""`avrogate produce`: generated events, or those of a file, into the platform."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avrogate.cli.console import err, out
from avrogate.errors import ConfigError

if TYPE_CHECKING:
    from producers.files import OnRefused, Progress
    from producers.generator import Generator
    from producers.refusals import Refusal
    from producers.summary import Summary

EVENTS, SEED, SPAN = 1000, 1, "10m"
SHOWN = 10  # refused lines on the terminal; all of them are in the dead-letter topic


def command(
    events: Annotated[
        int | None,
        typer.Option(min=1, help=f"How many to generate; {EVENTS} unless given, or {SPAN} of them with --rate."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help=f"Same seed, same events; {SEED} unless given.")] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0.001, help="Events a second, at most; they happen from now on, unless --start or --span says when."
        ),
    ] = None,
    late_share: Annotated[
        float | None, typer.Option(help="Share of events that come 1 to 30 minutes late, 0 to 1.")
    ] = None,
    invalid_share: Annotated[
        float | None, typer.Option(help="Share of events made invalid on purpose, 0 to 1.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(help="Time of the first, in Unix seconds or ISO 8601 (UTC); unless given, the span ends now."),
    ] = None,
    span: Annotated[
        str | None, typer.Option(help=f"Time that the events cover, such as 90s, 2h, 7d; {SPAN} unless given.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="Send JSON Lines instead; - is standard input.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Send a file even if it was sent before.")] = False,
) -> None:
    """Send events: generated ones, or a file's, one JSON event a line.

    What breaks its contract goes to the dead-letter topic, and the rest goes on. A file is sent once: the same
    command goes on where it was interrupted. Standard input and pipes are sent as they come.
    """
    if again and file in (None, "-"):
        raise typer.BadParameter("it is for a file that was sent before; add --from FILE", param_hint="--again")
    if file is not None:
        names = ("--events", "--seed", "--late-share", "--invalid-share", "--start", "--span")
        values = (events, seed, late_share, invalid_share, start, span)
        _refuse_with_file([name for name, value in zip(names, values, strict=True) if value is not None])
        _send_file(file, rate, again)
        return
    from producers.generator import Generator, Plan

    number, begin, seconds = _when(events, rate, start, span)
    plan = Plan(
        events=number,
        seed=SEED if seed is None else seed,
        start=begin,
        span=seconds,
        late_share=late_share or 0.0,
        invalid_share=invalid_share or 0.0,
    )
    _send_generated(Generator(plan), rate)


def _when(events: int | None, rate: float | None, start: str | None, span: str | None) -> tuple[int, int, int]:
    """How many events, from when on, over how many seconds."""
    from avrogate.times import parse_moment, parse_span

    now, seconds = int(time.time()), parse_span(SPAN if span is None else span)
    if rate is not None and start is None and span is None:
        number = max(int(rate * seconds), 1) if events is None else events
        return number, now, max(round(number / rate), 1)
    begin = now - seconds if start is None else parse_moment(start)
    return EVENTS if events is None else events, begin, seconds


def _send_generated(generator: Generator, rate: float | None) -> None:
    from avrogate.settings import load_settings
    from producers.run import produce

    with _bar() as progress:
        summary = produce(load_settings(), generator, rate=rate, progress=progress)
    if generator.spoilt:
        producer, processor = generator.spoilt_for("producer"), generator.spoilt_for("processor")
        out.print(f"Invalid on purpose: {producer:,} for the producer to refuse, {processor:,} for the processor.")
    _finish(summary)


def _send_file(name: str, rate: float | None, again: bool) -> None:
    from avrogate.settings import load_settings
    from producers.replay import open_lines
    from producers.run import produce

    settings = load_settings()
    with open_lines(name) as lines:
        if again and not lines.is_file:
            raise typer.BadParameter(f"{name} is no regular file, nobody can tell what it was", param_hint="--again")
        gc.freeze()  # batches are many objects: the collector need not go through what was imported each time
        with _bar() as progress:
            summary = produce(
                settings, lines, rate=rate, progress=progress, on_refused=_tell(name), note=_note, again=again
            )
    _finish(summary)


def _note(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)


def _tell(name: str) -> OnRefused:
    """Names the first few refused lines on standard error, and says that there are more."""
    told = 0

    def tell(line: int, refusal: Refusal) -> None:
        nonlocal told
        told += 1
        if told <= SHOWN:
            err.print(f"{name}:{line}: refused: {refusal.message}", markup=False, highlight=False, soft_wrap=True)
        elif told == SHOWN + 1:
            err.print("… and more; `avrogate dead-letters list` has them all", markup=False, highlight=False)

    return tell


def _finish(summary: Summary) -> None:
    """Print the summary; a run that a signal ended exits as shells expect it."""
    from avrogate.cli.tables import produced

    for part in produced(summary):
        out.print(part, highlight=False)
    if summary.signal is not None:
        goes_on = "; the same command goes on from there" if summary.file else ""
        err.print(f"Interrupted: what came before is sent, the rest is not{goes_on}.", soft_wrap=True)
        raise typer.Exit(128 + summary.signal)


@contextmanager
def _bar() -> Iterator[Progress | None]:
    """A progress bar on a terminal, nothing otherwise."""
    if not err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns: Any = (TextColumn("producing"), BarColumn(), TaskProgressColumn(show_speed=True), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _refuse_with_file(options: list[str]) -> None:
    if options:
        raise ConfigError(
            f"--from sends a file as it is, {', '.join(options)} is for generated events",
            hint="leave one of them out",
        )
