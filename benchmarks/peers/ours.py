"""Avrogate's processor, as `avrogate process` runs it.

A job without a number of events goes on until its standard input ends; `ready` is printed once it has its share of
the partitions, which is the first argument then.
"""

from __future__ import annotations

import sys
import time
from threading import Event, Thread

from avrogate.settings import load_settings
from benchmarks.peers.job import Job
from benchmarks.peers.meter import Meter
from benchmarks.topics import catalog_of
from processors.run import process
from processors.vitals import Committed, Vitals

FOR_EVER, LOOK = 3600.0, 0.05


def main() -> None:
    """Run until all is done."""
    job, stop, meter, vitals = Job.read(sys.stdin.readline()), Event(), Meter(), Vitals()

    def heard(batch: Committed) -> None:
        meter.begin(batch.seconds)
        meter.committed(batch.events)
        if meter.events == job.events:
            stop.set()

    vitals.on_batch = heard
    if not job.events:
        Thread(target=_share, args=(vitals, int(sys.argv[1]), stop), daemon=True).start()
    process(load_settings(), stop, until_idle=FOR_EVER, catalog=catalog_of(job.raw, job.suffix), vitals=vitals)
    meter.tell()


def _share(vitals: Vitals, partitions: int, stop: Event) -> None:
    while vitals.owned != partitions:
        time.sleep(LOOK)
    print("ready", flush=True)  # noqa: T201
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    main()
