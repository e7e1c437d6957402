"""`avrogate process`: the quality processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from avrogate.settings import Settings
    from processors.vitals import Vitals
    from schemas.catalog import Catalog

REFRESH = 0.5  # seconds


def command(
    until_idle: Annotated[
        float | None, typer.Option(help="Stop once nothing has come for this many seconds.", min=0.1)
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            help="Where to answer /metrics and /healthz, 0 for nowhere; unless given, from 9464 on.", max=65535
        ),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, typer.Option(help="Log from here on; info unless given.")
    ] = None,
) -> None:
    """Judge raw events: enriched ones on, refused ones to the dead letters, each exactly once. Ctrl-C to stop."""
    from avrogate.cli.console import err, out
    from avrogate.cli.signals import stop_on_signals
    from avrogate.cli.tables import outcomes
    from avrogate.endpoints import served
    from avrogate.logs import LoggedHealth, configure
    from avrogate.settings import load_settings
    from processors.metrics import metrics
    from processors.run import process
    from processors.vitals import Vitals
    from schemas.catalog import shipped_catalog

    given = {"metrics_port": metrics_port, "log_level": log_level}
    settings = load_settings().model_copy(update={name: value for name, value in given.items() if value is not None})
    configure(settings.log_level, err)
    catalog = shipped_catalog()
    vitals = Vitals(health=LoggedHealth())
    registry = metrics(vitals, catalog.topics[catalog.stage_topic("raw")].events)
    with served(settings, vitals.health, registry) as address, stop_on_signals() as stop, _progress(vitals):
        _log_start(settings, catalog, address)
        tally = process(settings, stop, until_idle=until_idle, catalog=catalog, vitals=vitals)
    _log_end(vitals)
    out.print(outcomes(tally))


def _log_start(settings: Settings, catalog: Catalog, address: str | None) -> None:
    import logging
    from importlib.metadata import version

    from avrogate.logs import without_credentials
    from processors.run import GROUP

    what = {
        "version": version("avrogate"),
        "group": GROUP,
        "reads": catalog.stage_topic("raw"),
        "writes": [
            catalog.stage_topic("enriched"),
            catalog.topic_of("pipeline", "dead-letter"),
            catalog.topic_of("pipeline", "user-profile"),
        ],
        "broker": without_credentials(settings.brokers),
        "registry": without_credentials(settings.registry),
        "metrics": address and f"{address}/metrics",
    }
    said = ", ".join(f"{name} {value}" for name, value in what.items() if isinstance(value, str))
    logging.getLogger(__name__).info("starts: %s", said, extra=what)


def _log_end(vitals: Vitals) -> None:
    import logging

    tally = vitals.tally
    totals = {
        "events": tally.events,
        "enriched": tally.enriched.total(),
        "refused": tally.refused.total(),
        "transactions": tally.transactions,
        "aborted": tally.aborted,
        "outages": vitals.health.outages,
        "producer_restarts": vitals.restarts,
    }
    logging.getLogger(__name__).info(
        "stopped after %d events in %d transactions", tally.events, tally.transactions, extra=totals
    )


@contextmanager
def _progress(vitals: Vitals) -> Iterator[None]:
    """On a terminal, keep a line that says how it stands, from a thread of its own: an outage is shown, too."""
    from avrogate.cli.console import err, progress_line

    if not err.is_terminal:
        yield
        return
    over = Event()
    with progress_line() as line:
        thread = Thread(target=_show, args=(vitals, line, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _show(vitals: Vitals, line: Callable[[str], None], over: Event) -> None:
    while not over.wait(REFRESH):
        line(standing(vitals))


def standing(vitals: Vitals) -> str:
    """How it stands, in a line: what it waits for, or how far it has got."""
    tally, restoring = vitals.tally, vitals.restoring
    counts = f"{tally.events:,} events in {tally.transactions:,} transactions"
    troubles = [trouble.message for trouble in vitals.health.troubles.values()]
    if troubles:
        return f"waiting: {'; '.join(troubles)} ({counts})"
    if restoring is not None and restoring.done < restoring.total:
        return f"restoring profiles: {restoring.done / restoring.total:.0%} of {restoring.total:,} ({counts})"
    if not vitals.health.ready:
        return f"joining the group ({counts})"
    waiting = sum(vitals.lag.copy().values())
    return f"{counts}, {vitals.profiles:,} profiles, {waiting:,} offsets to go"
