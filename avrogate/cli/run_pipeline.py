"""`avrogate run-pipeline`: from nothing to the numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avrogate.errors import AuditError, ConfigError

if TYPE_CHECKING:
    from avrogate.pipeline import Step
    from avrogate.settings import Settings
    from producers.source import Source

EVENTS, SEED, SPAN, INVALID_SHARE = 100_000, 1, 600, 0.005


def command(
    events: Annotated[int | None, typer.Option(min=1, help=f"How many to generate; {EVENTS:,} unless given.")] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="Your own events instead, one JSON event a line.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same events.")] = SEED,
) -> None:
    """Start what is not running, register, produce, process, report, audit; then stop what it started."""
    if input_file is not None and events is not None:
        raise ConfigError(
            "--input sends a file as it is, --events is for generated ones", hint="leave one of them out"
        )
    from avrogate.cli.console import err, out, table
    from avrogate.cli.stack import download_progress
    from avrogate.cli.steps import render
    from avrogate.pipeline import run
    from avrogate.settings import load_settings
    from processors.audit import Audit

    steps: list[Step] = []
    source = _source(events or EVENTS, input_file, seed)
    report = lambda line: err.print(line, markup=False, highlight=False, soft_wrap=True)  # noqa: E731
    with download_progress() as progress, closing(run(load_settings(), source, report, progress)) as running:
        for step in running:
            steps.append(step)
            out.rule(f"{step.name} ({step.seconds:.1f} s)", align="left", style="dim")
            for part in render(step.result):
                out.print(part, highlight=False)
    rows = [(step.name, f"{step.seconds:.1f}") for step in steps]
    rows.append(("all", f"{sum(step.seconds for step in steps):.1f}"))
    out.print(table("Where the time went", ("step", "seconds"), rows, right=("seconds",)))
    audit = steps[-1].result
    if isinstance(audit, Audit) and not audit.adds_up:
        raise AuditError("the audit does not add up", hint="`avrogate audit --format json` names the offsets")
    out.print(_open_it(load_settings()), highlight=False)


def _open_it(settings: Settings) -> str:
    """How to look at it: what this run started is stopped again."""
    started = "`avrogate stack up`, then " if settings.embeds_kafka else ""
    return f"To look at the numbers in a browser: {started}`avrogate dashboard`."


def _source(events: int, file: Path | None, seed: int) -> Callable[[], AbstractContextManager[Source]]:
    from producers.generator import Generator, Plan
    from producers.replay import open_lines

    if file is not None:
        with open_lines(str(file)):  # unreadable? say so before anything is started
            pass
        return lambda: open_lines(str(file))

    def generated() -> AbstractContextManager[Any]:
        plan = Plan(events=events, seed=seed, start=int(time.time()) - SPAN, span=SPAN, invalid_share=INVALID_SHARE)
        return nullcontext(Generator(plan))

    return generated
