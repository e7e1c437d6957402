"""What the minute KPIs take: `python -m benchmarks.stream --events 500000`.

Sends generated events, has one processor enrich them, and has the streaming job catch up with all of them; says
events per second of each, bytes on the broker's disk per event on each topic (compressed, with headers and keys,
before any is deleted), and what the job keeps as state. On a stack of its own in a temporary folder, unless
AVROGATE_BOOTSTRAP_SERVERS is set: the disk is not looked at then.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from threading import Event

from analytics.session import spark_session
from analytics.stream import BatchReport, run_stream
from avrogate.local.stack import Stack
from avrogate.settings import Settings
from benchmarks.stack import platform
from processors.run import process
from producers.generator import Generator, Plan
from producers.run import produce
from schemas.catalog import Catalog, load_catalog
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

SEED, START, SPAN = 7, 1_773_532_800, 30 * 60
Figures = dict[str, float]


def rates(settings: Settings, catalog: Catalog, events: int) -> Figures:
    """Events per second of the producer and of one processor."""
    started = time.perf_counter()
    produce(settings, Generator(Plan(events=events, seed=SEED, start=START, span=SPAN)), catalog=catalog)
    sent = time.perf_counter()
    process(settings, Event(), until_idle=2.0, catalog=catalog)
    done = time.perf_counter() - 2.0
    return {"producer events/s": events / (sent - started), "processor events/s": events / (done - sent)}


def stream(settings: Settings, catalog: Catalog) -> Figures:
    """The catch-up of the streaming job, batch by batch, and its state afterwards."""
    spark = spark_session(settings, "benchmark", long_running=True)
    ends: list[tuple[float, BatchReport]] = []
    try:
        started = time.perf_counter()
        run_stream(
            spark,
            settings,
            until_idle=0,
            catalog=catalog,
            on_batch=lambda report: ends.append((time.perf_counter(), report)),
        )
        location = settings.checkpoints_home / "minute-kpis" / "spark"
        rows = spark.read.format("statestore").load(str(location)).selectExpr("count(*)").first()
    finally:
        spark.stop()
    full = [(moment, report) for moment, report in ends if report.events]
    figures = {
        "stream batches": float(len(full)),
        "stream events/s with its start": sum(report.events for _, report in full) / (full[-1][0] - started),
        "state rows": float(rows[0] if rows else 0),
        "state bytes on disk": float(_size(location / "state")),
    }
    if len(full) > 1:
        later = sum(report.events for _, report in full[1:])
        figures["stream events/s after the first batch"] = later / (full[-1][0] - full[0][0])
    return figures


def disk(settings: Settings, catalog: Catalog, events: int) -> Figures:
    """Bytes on the broker's disk by event sent, by topic."""
    data = next(one.data for one in Stack(settings).status() if one.name == "kafka")
    if data is None:
        return {}
    sizes = {
        name: sum(file.stat().st_size for part in data.glob(f"**/{name}-*") for file in part.glob("*.log"))
        for name in catalog.topics
    }
    return {f"disk bytes/event {name.rpartition('-')[0]}": size / events for name, size in sizes.items()}


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    """Send, process, count, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--json", action="store_true", help="print one object instead of the table")
    given = parser.parse_args()
    with platform() as settings:
        catalog = load_catalog().suffixed("benchmark")
        list(create_topics(catalog, settings))
        list(register_all(catalog, Registry(settings)))
        figures = rates(settings, catalog, given.events)
        figures |= stream(settings, catalog)
        embedded = settings.model_copy(update={"bootstrap_servers": None})
        figures |= disk(embedded, catalog, given.events)
    if given.json:
        print(json.dumps({"events": given.events, **figures}))  # noqa: T201
        return
    print(f"{given.events:,} events of {SPAN // 60} minutes")  # noqa: T201
    for name, value in figures.items():
        print(f"{name:42} {value:>14,.0f}")  # noqa: T201


if __name__ == "__main__":
    main()
