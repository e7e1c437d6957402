"""`avrogate dead-letters replay`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from avrogate.cli.dead_letters import options
from avrogate.errors import ConfigError

if TYPE_CHECKING:
    from processors.replay.plan import Decision, Repair
    from schemas.catalog import Catalog

# letters that a person is told of one by one; `list` and `show` have all of them
TOLD = 10


def command(
    reason: options.Reasons = None,
    stage: options.OfStage = None,
    rule: options.Rule = None,
    topic: options.Topic = None,
    key: options.Key = None,
    since: options.From = None,
    until: options.To = None,
    partition: options.Partition = None,
    offset: options.Offset = None,
    correct: Annotated[Path | None, typer.Option(help="Repair events by this mapping, in YAML.")] = None,
    corrected: Annotated[
        Path | None, typer.Option(help="Send these events instead: JSON lines as `show` prints them.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Try at most this many.")] = None,
    max_attempts: Annotated[
        int, typer.Option(min=1, help="Park what has been tried so often, instead of trying again.")
    ] = 5,
    parked: Annotated[bool, typer.Option("--parked", help="Send what is parked, or would be, as well.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")] = False,
) -> None:
    """Send dead letters to their topic again, each at most once, however often this is interrupted and resumed."""
    from avrogate.cli.console import err, out
    from avrogate.cli.signals import stop_on_signals
    from avrogate.cli.tables import replayed
    from avrogate.settings import load_settings
    from processors.replay.run import Order, replay
    from schemas.catalog import shipped_catalog

    chosen = options.filters(reason, stage, rule, topic, key, since, until, partition, offset)
    catalog = shipped_catalog()
    order = Order(chosen, _repair(correct, corrected, catalog), limit, max_attempts, parked, dry_run)
    teller = _Teller(all_of_them=dry_run)
    with stop_on_signals() as stop:
        summary = replay(load_settings(), catalog, order, stop, teller.tell)
    out.print(replayed(summary, dry_run=dry_run))
    if summary.stopped:
        err.print("Interrupted: the batch at hand is done; the same command goes on with the rest.")
        raise typer.Exit(128 + (stop.signal or 0))


def _repair(correct: Path | None, corrected: Path | None, catalog: Catalog) -> Repair:
    from processors.replay.corrected import load_corrected
    from processors.replay.correction import load_correction
    from processors.replay.plan import Repair, known_fields

    if correct is not None and corrected is not None:
        raise ConfigError(
            "--correct repairs events, --corrected has them repaired already", hint="leave one of them out"
        )
    if correct is not None:
        mapping, digest = load_correction(correct, known_fields(catalog))
        return Repair(correction=mapping, digest=digest)
    if corrected is not None:
        events = load_corrected(corrected)
        return Repair(corrected=events, digest=events.digest)
    return Repair()


class _Teller:
    """Tells of letters that are not sent, the first few of them; of every letter in a dry run."""

    def __init__(self, *, all_of_them: bool) -> None:
        self._all = all_of_them
        self._told = 0

    def tell(self, decision: Decision) -> None:
        from avrogate.cli.console import err, plain

        text = f"{decision.letter.name}: {decision.outcome}: {decision.message or decision.why}"
        if self._all:
            plain(text)
        elif decision.outcome in ("refused", "parked", "cannot be sent"):
            self._told += 1
            if self._told <= TOLD:
                err.print(text, markup=False, highlight=False, soft_wrap=True)
            elif self._told == TOLD + 1:
                err.print("… and more; the table counts them all", markup=False, highlight=False)
