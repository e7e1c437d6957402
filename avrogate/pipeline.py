"""The whole road in one run: start what is not running, register, produce, process, fill the lake, report, audit.

Twice in a row it adds to what is there, and the numbers stay exact.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event
from typing import Any

from analytics.daily_users import daily_users
from analytics.kpi_topic import read_results
from analytics.lake_fill import fill_lake
from analytics.results import MinuteKpis
from analytics.session import spark_session
from analytics.sink import StreamSummary
from analytics.stream import run_stream
from avrogate.consumers import all_consumers
from avrogate.local.download import Progress
from avrogate.local.stack import Stack
from avrogate.settings import Settings
from processors.audit import audit
from processors.replay.reading import kinds, letters
from processors.run import GROUP, process
from producers.run import produce
from producers.source import Source
from schemas.catalog import Catalog, shipped_catalog
from schemas.register import Registration, register_all
from schemas.registry import Registry
from schemas.topics import create_topics
from schemas.whole_check import require_no_findings

# seconds without a new event after which the processor has caught up with what was produced before
CAUGHT_UP = 1.0

Report = Callable[[str], None]
OpenSource = Callable[[], AbstractContextManager[Source]]


@dataclass(frozen=True)
class Step:
    """One step that is done: its name, what it gave, and the seconds it took."""

    name: str
    result: Any
    seconds: float


@dataclass(frozen=True)
class Minutes:
    """The minute KPIs, and what the streaming query did to get there."""

    kpis: MinuteKpis
    stream: StreamSummary


def run(settings: Settings, source: OpenSource, report: Report, progress: Progress | None = None) -> Generator[Step]:
    """Do all of it, and yield each step as it ends. `report` gets lines about what is being started, and
    `progress` hears how far a download is.

    However it ends, the parts of the local stack that this run started are stopped again, and only those.
    Raises what the steps raise; every step that was yielded before is done and stays done.
    """
    begun = time.monotonic()
    stack = Stack(settings)
    started = stack.up(report, progress)
    try:
        yield Step("start the local stack", started, time.monotonic() - begun)
        for name, work in _steps(settings, source):
            begun = time.monotonic()
            result = work()
            yield Step(name, result, time.monotonic() - begun)
    finally:
        stack.down(only=started.services)


def _steps(settings: Settings, source: OpenSource) -> Iterator[tuple[str, Callable[[], Any]]]:
    catalog = shipped_catalog()
    yield "create topics", lambda: list(create_topics(catalog, settings))
    yield "register schemas", lambda: _register(catalog, settings)
    yield "produce", lambda: _produce(settings, source)
    yield "process", lambda: process(settings, Event(), until_idle=CAUGHT_UP)
    yield "start Spark", lambda: spark_session(settings, "avrogate")
    spark = spark_session(settings, "avrogate")
    try:
        yield "lake", lambda: fill_lake(spark, settings, until_idle=0)
        yield "daily users", lambda: daily_users(spark, settings, source="lake")
        yield (
            "minute KPIs",
            lambda: Minutes(stream=run_stream(spark, settings, until_idle=0), kpis=read_results(settings)),
        )
    finally:
        spark.stop()
    yield "dead letters", lambda: kinds(letters(settings, catalog))
    yield "audit", lambda: audit(settings, catalog, GROUP)


def _register(catalog: Catalog, settings: Settings) -> list[Registration]:
    require_no_findings(catalog.folder, all_consumers)
    return register_all(catalog, Registry(settings))


def _produce(settings: Settings, source: OpenSource) -> Any:
    with source() as lines:
        return produce(settings, lines)
