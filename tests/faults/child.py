"""One quality processor, as `avrogate process` runs it, that can be told where to die.

`--point` names the place and `--at` the transaction (or, in a restore, the profile) at which it happens; `--then`
says what: SIGKILL, SIGSTOP, or a pause until the file of the pause is removed. `--broken` replaces a step by a wrong
one: the suite must notice.

What it looks like from outside is written to `--status` several times a second, as JSON. SIGUSR1 makes it log where
each of its threads is.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import signal
import threading
import time
from pathlib import Path

import broken
import points

from avrogate.cli.signals import stop_on_signals
from avrogate.settings import load_settings
from processors import intake, run
from processors.vitals import Vitals
from schemas.catalog import load_catalog

BETWEEN = 0.1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--suffix", required=True)
    parser.add_argument("--status", type=Path, required=True)
    parser.add_argument("--point", choices=points.POINTS)
    parser.add_argument("--at", type=int, default=1)
    parser.add_argument("--then", choices=points.ACTIONS, default="kill")
    parser.add_argument("--broken", choices=broken.PATCHES)
    parser.add_argument("--batch", type=int, default=intake.BATCH)
    return parser.parse_args()


def _report(vitals: Vitals, status: Path) -> None:
    while True:
        health = vitals.health
        content = {
            "healthy": health.healthy,
            "ready": health.ready,
            "troubles": {part: trouble.message for part, trouble in health.troubles.items()},
            "outages": health.outages,
            "restarts": vitals.restarts,
            "aborted": vitals.tally.aborted,
            "transactions": vitals.tally.transactions,
            "events": vitals.tally.events,
            "profiles": vitals.profiles,
        }
        draft = status.with_suffix(".new")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(status)
        time.sleep(BETWEEN)


def main() -> None:
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    intake.BATCH = arguments.batch  # more transactions out of few events
    run.GROUP += f"-{arguments.suffix}"
    if arguments.broken:
        broken.PATCHES[arguments.broken]()
    if arguments.point:
        points.arm(arguments.point, arguments.at, points.action(arguments.then, arguments.status))
    faulthandler.register(signal.SIGUSR1)
    vitals = Vitals()
    with stop_on_signals() as stop:
        threading.Thread(target=_report, args=(vitals, arguments.status), daemon=True).start()
        run.process(load_settings(), stop, catalog=load_catalog().suffixed(arguments.suffix), vitals=vitals)
    logging.info("ended, %d events", vitals.tally.events)


if __name__ == "__main__":
    main()
