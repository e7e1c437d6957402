"""What decoding costs on top of reading Kafka: `python -m benchmarks.decode --events 1000000`.

Writes enriched events of every kind, and reads them with Spark in interleaved rounds, to Spark's `noop` sink, which
takes all rows and columns and keeps nothing: the bare bytes as Spark's Kafka source reads them by itself, the same
with the client options of `analytics.kafka_source.QUICK`, and every field of every event, with these. On a stack of
its own in a temporary folder, unless AVROGATE_BOOTSTRAP_SERVERS is set. Processor time is that of the whole JVM:
it says more than the clock on a machine that others use.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from pyspark.sql import DataFrame, SparkSession

from analytics.decode import decoded
from analytics.kafka_source import QUICK, source_options
from analytics.session import spark_session
from analytics.writers import TopicSchemas, topic_schemas
from avrogate.settings import Settings
from benchmarks.enriched import prepared, repeated, write
from benchmarks.stack import platform
from schemas.registry import Registry

TARGET = 1.15
BARE, QUICK_BARE, DECODED = "bare", "bare, quick", "decoded"
Seconds = dict[str, list[float]]


def java_process(spark: SparkSession) -> psutil.Process:
    """The JVM of a session."""
    assert spark._jvm is not None
    return psutil.Process(spark._jvm.java.lang.ProcessHandle.current().pid())


@dataclass(frozen=True)
class Readings:
    """A session, and what it reads, by name."""

    spark: SparkSession
    frames: dict[str, DataFrame]

    def in_turns(self, rounds: int) -> dict[str, Seconds]:
        """Seconds and processor seconds of each, round by round; a first round to warm up is left out."""
        java = java_process(self.spark)
        taken: dict[str, Seconds] = {name: {"seconds": [], "cpu": []} for name in self.frames}
        for number in range(rounds + 1):
            for name, frame in self.frames.items():
                before, started = java.cpu_times(), time.perf_counter()
                frame.write.format("noop").mode("overwrite").save()
                seconds, after = time.perf_counter() - started, java.cpu_times()
                if number:
                    taken[name]["seconds"].append(seconds)
                    taken[name]["cpu"].append(after.user - before.user + after.system - before.system)
        return taken


@contextmanager
def readings(settings: Settings, events: int) -> Iterator[Readings]:
    """Write so many enriched events to a topic of their own; the ways to read them."""
    catalog = prepared(settings)
    registry = Registry(settings)
    write(settings, catalog, repeated(catalog, registry, events))
    schemas = topic_schemas(catalog, registry, catalog.stage_topic("enriched"))
    spark = spark_session(settings, "benchmark", long_running=True)
    try:
        yield Readings(spark, reading(spark, settings, schemas))
    finally:
        spark.stop()


def reading(spark: SparkSession, settings: Settings, schemas: TopicSchemas) -> dict[str, DataFrame]:
    """The readings of one topic: its bytes, in both ways, and all that `decoded` makes of them."""
    quick = source_options(settings, schemas.topic)
    plain = {name: value for name, value in quick.items() if name.removeprefix("kafka.") not in QUICK}
    records, plainly = (spark.read.format("kafka").options(**one).load() for one in (quick, plain))
    return {
        BARE: plainly.select("value"),
        QUICK_BARE: records.select("value"),
        DECODED: decoded(records, schemas),
    }


def plan(frame: DataFrame) -> str:
    """The physical plan that writes the frame to `noop`."""
    return str(frame._jdf.queryExecution().executedPlan().toString())


def report(figures: dict[str, Seconds], events: int) -> None:
    """Print the figures and the ratios."""
    for name, each in figures.items():
        for kind, values in each.items():
            spread = f"from {min(values):.2f} to {max(values):.2f}"
            rate = f"{events / statistics.median(values):>12,.0f} events/s" if kind == "seconds" else ""
            print(f"{name:12} {kind:8} median {statistics.median(values):6.2f}  {spread:20} {rate}")  # noqa: T201
    for base, target in ((BARE, f" (target: at most {TARGET})"), (QUICK_BARE, "")):
        for kind in ("seconds", "cpu"):
            ratio = statistics.median(figures[DECODED][kind]) / statistics.median(figures[base][kind])
            print(f"decoded / {base}, {kind}: {ratio:.2f}{target if kind == 'seconds' else ''}")  # noqa: T201


def main() -> None:
    """Write, read in turns, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print one object with every round instead of the table")
    given = parser.parse_args()
    with platform() as settings, readings(settings, given.events) as ways:
        frame = ways.frames[DECODED]
        found = frame.count(), plan(frame).count("from_avro")
        figures = ways.in_turns(given.rounds)
    if given.json:
        print(json.dumps({"events": given.events, "from_avro": found[1], **figures}))  # noqa: T201
        return
    print(f"{found[0]:,} events, {given.rounds} rounds; from_avro is {found[1]} times in the plan")  # noqa: T201
    report(figures, given.events)


if __name__ == "__main__":
    main()
