"""What each of Spark's settings buys: `python -m benchmarks.spark_settings --events 100000 --rounds 1`.

Each variant differs from the others in one thing, and runs in a process of its own: a session, the minute KPIs as a
stream over all of a topic with a new checkpoint, and all KPIs as a batch. Prints seconds, and processor seconds of
the JVM in parentheses. On a stack of its own in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from analytics import kafka_source, session
from analytics.connectors import by_ivy
from analytics.kpis import shipped_kpis
from analytics.minute_kpis import compute_once
from analytics.stream import run_stream
from avrogate.settings import Settings, load_settings
from benchmarks.decode import java_process
from benchmarks.enriched import distinct, prepared, write
from benchmarks.stack import environment, platform
from schemas.catalog import load_catalog
from schemas.registry import Registry

STATE = "spark.sql.streaming.stateStore"
IN_MEMORY = "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider"
Steps = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Variant:
    """What is other than it is: options of Spark, and four things that are no option."""

    options: dict[str, str] = field(default_factory=dict)
    compiled: bool = False
    slow_polls: bool = False
    ivy: bool = False
    read_for_each: bool = False


VARIANTS = {
    "as it is": Variant(),
    "200 shuffle partitions": Variant({"spark.sql.shuffle.partitions": "200"}),
    "the optimising compiler": Variant(compiled=True),
    "all of the state with each commit": Variant({session.STATE_CHANGES: "false"}),
    "state in the JVM's memory": Variant({f"{STATE}.providerClass": IN_MEMORY, session.STATE_CHANGES: "false"}),
    "the Kafka client's defaults": Variant(slow_polls=True),
    "connectors resolved by Ivy": Variant(ivy=True),
    "a read for each KPI": Variant(read_for_each=True),
}


def measure(name: str, suffix: str) -> Steps:
    """Run one variant in this process."""
    variant, settings, catalog = VARIANTS[name], load_settings(), load_catalog().suffixed(suffix)
    _apply(variant)
    if variant.slow_polls:
        kafka_source.QUICK.clear()
    begun = time.perf_counter()
    spark = session.spark_session(settings, "benchmark", long_running=variant.compiled)
    work = _work(spark)
    steps: Steps = {"session": (time.perf_counter() - begun, work())}
    chosen = [[kpi] for kpi in shipped_kpis()] if variant.read_for_each else [None]

    def once() -> None:
        for kpis in chosen:
            compute_once(spark, settings, catalog=catalog, kpis=kpis)

    for step, do in (
        ("stream", lambda: run_stream(spark, settings, until_idle=0, catalog=catalog)),
        ("batch", once),
    ):
        begun, before = time.perf_counter(), work()
        do()
        steps[step] = time.perf_counter() - begun, work() - before
    spark.stop()
    return steps


def _apply(variant: Variant) -> None:
    plain = session._options

    def changed(settings: Settings, app_name: str) -> dict[str, str]:
        options = plain(settings, app_name)
        if variant.ivy:
            options.pop("spark.driver.extraClassPath", None)
            options |= by_ivy(settings)
        return options | variant.options

    session._options = changed


def _work(spark: SparkSession) -> Callable[[], float]:
    java = java_process(spark)
    return lambda: sum(java.cpu_times()[:2])


def main() -> None:
    """Write events, run every variant, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--variant", nargs=2, metavar=("NAME", "SUFFIX"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.variant:
        print(json.dumps(measure(*given.variant)))  # noqa: T201
        return
    with platform() as settings:
        catalog = prepared(settings)
        suffix = next(iter(catalog.topics)).rsplit("-", 1)[1]
        write(settings, catalog, distinct(catalog, Registry(settings), given.events))
        for number in range(given.rounds):
            for name in VARIANTS:
                home = str(settings.expanded_home / f"{name} {number}")
                command = [sys.executable, "-m", "benchmarks.spark_settings", "--variant", name, suffix]
                said = subprocess.check_output(command, env=environment(settings) | {"AVROGATE_HOME": home})
                steps: Steps = json.loads(said.splitlines()[-1])
                told = ", ".join(f"{step} {clock:.1f} ({work:.1f})" for step, (clock, work) in steps.items())
                print(f"{name:36} {told}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
