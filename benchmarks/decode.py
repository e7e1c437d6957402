"""What decoding costs on top of reading Kafka: `python benchmarks/decode.py --events 1000000`.

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
import uuid

import psutil
from pyspark.sql import DataFrame, SparkSession

from analytics.decode import decoded
from analytics.kafka_source import QUICK, source_options
from analytics.session import spark_session
from analytics.writers import TopicSchemas, topic_schemas
from avrogate.settings import Settings
from benchmarks.enriched import write
from benchmarks.stack import platform
from schemas.catalog import load_catalog
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

TARGET = 1.15
Figures = dict[str, list[float]]


def reading(spark: SparkSession, settings: Settings, schemas: TopicSchemas) -> dict[str, DataFrame]:
    """The readings of one topic: its bytes, in both ways, and all that `decoded` makes of them."""
    quick = source_options(settings, schemas.topic)
    plain = {name: value for name, value in quick.items() if name.removeprefix("kafka.") not in QUICK}
    records, plainly = (spark.read.format("kafka").options(**one).load() for one in (quick, plain))
    return {
        "bare": plainly.select("value"),
        "bare, quick": records.select("value"),
        "decoded": decoded(records, schemas),
    }


def plan(frame: DataFrame) -> str:
    """The physical plan that writes the frame to `noop`."""
    return str(frame._jdf.queryExecution().executedPlan().toString())


def measure(spark: SparkSession, frames: dict[str, DataFrame], rounds: int) -> dict[str, Figures]:
    """Seconds and processor seconds of each reading, round by round; a first round to warm up is left out."""
    assert spark._jvm is not None
    java = psutil.Process(spark._jvm.java.lang.ProcessHandle.current().pid())
    figures: dict[str, Figures] = {name: {"seconds": [], "cpu": []} for name in frames}
    for number in range(rounds + 1):
        for name, frame in frames.items():
            before, started = java.cpu_times(), time.perf_counter()
            frame.write.format("noop").mode("overwrite").save()
            seconds, after = time.perf_counter() - started, java.cpu_times()
            if number:
                figures[name]["seconds"].append(seconds)
                figures[name]["cpu"].append(after.user - before.user + after.system - before.system)
    return figures


def report(figures: dict[str, Figures], events: int) -> None:
    """Print the figures and the ratios."""
    for name, each in figures.items():
        for kind, values in each.items():
            spread = f"from {min(values):.2f} to {max(values):.2f}"
            rate = f"{events / statistics.median(values):>12,.0f} events/s" if kind == "seconds" else ""
            print(f"{name:12} {kind:8} median {statistics.median(values):6.2f}  {spread:20} {rate}")  # noqa: T201
    for base, target in (("bare", f" (target: at most {TARGET})"), ("bare, quick", "")):
        for kind in ("seconds", "cpu"):
            ratio = statistics.median(figures["decoded"][kind]) / statistics.median(figures[base][kind])
            print(f"decoded / {base}, {kind}: {ratio:.2f}{target if kind == 'seconds' else ''}")  # noqa: T201


def main() -> None:
    """Write, read in turns, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print one object with every round instead of the table")
    given = parser.parse_args()
    with platform() as settings:
        catalog, registry = load_catalog().suffixed(uuid.uuid4().hex[:8]), Registry(settings)
        list(create_topics(catalog, settings))
        list(register_all(catalog, registry))
        write(settings, catalog, given.events)
        schemas = topic_schemas(catalog, registry, catalog.stage_topic("enriched"))
        spark = spark_session(settings, "benchmark", long_running=True)
        try:
            frames = reading(spark, settings, schemas)
            found = frames["decoded"].count(), plan(frames["decoded"]).count("from_avro")
            figures = measure(spark, frames, given.rounds)
        finally:
            spark.stop()
    if given.json:
        print(json.dumps({"events": given.events, "from_avro": found[1], **figures}))  # noqa: T201
        return
    print(f"{found[0]:,} events, {given.rounds} rounds; from_avro is {found[1]} times in the plan")  # noqa: T201
    report(figures, given.events)


if __name__ == "__main__":
    main()
