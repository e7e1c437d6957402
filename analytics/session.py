"""The one place where a Spark session is made."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyspark
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from analytics.connectors import connectors
from avrogate.errors import StackError
from avrogate.home import home_folder
from avrogate.local.java import find_java
from avrogate.local.trust import java_options
from avrogate.settings import LOOPBACK, Settings

# a local session shuffles within one process: more partitions only cost start-up time of tasks
LOCAL_PARTITIONS = 4
# beyond so many groups a task sorts instead of hashing them; Spark's 128 is fewer than one minute's countries
HASHED_GROUPS = 100_000
# state outside the JVM's memory; a checkpoint keeps the kind of store that it was begun with
STATE_STORE = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
# a commit of it writes what has changed; a copy of the whole is made aside, now and then
STATE_CHANGES = "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled"
# Delta Lake: its SQL commands, and tables by their path. Its log is read in as many tasks; by itself in 50
DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "2",
}
# a job of seconds ends before the optimising compiler pays off: half the processor time without it (measured)
QUICK_START = "-XX:TieredStopAtLevel=1"


def spark_session(settings: Settings, app_name: str, *, long_running: bool = False) -> SparkSession:
    """A session at `settings.spark_master`, UTC, ANSI, without a UI; a local one on the loopback address only.

    Starts a JVM (about 6 s), or reuses the one of this process. `long_running` tunes it for hours instead of
    seconds. Spark's log goes to `logs/spark.log` in `settings.home`, what the JVM itself prints to
    `logs/spark-jvm.log` there. End it with `.stop()`.

    Raises StackError, with the log's place, if Spark does not start; ConfigError if `settings.home` cannot be used.
    """
    logs = home_folder(settings, "logs")
    options = _options(settings, app_name) | {
        "spark.driver.extraJavaOptions": " ".join(_java_options(settings, logs, long_running))
    }
    conf = SparkConf(loadDefaults=False).setAll(list(options.items()))
    if SparkContext._active_spark_context is None:
        _start(conf, settings, logs / "spark-jvm.log")
    return SparkSession.builder.config(conf=conf).getOrCreate()


def _start(conf: SparkConf, settings: Settings, jvm_log: Path) -> None:
    gateway = None
    with jvm_log.open("ab") as output:
        started_at = output.tell()
        try:
            if SparkContext._gateway is None:
                with _environment(_java_environment(settings)):
                    gateway = launch_gateway(  # type: ignore[no-untyped-call]
                        conf, {"stdout": output, "stderr": output}
                    )
            SparkContext(conf=conf, gateway=gateway)
        except PySparkRuntimeError as error:
            raise StackError(f"Spark did not start: {_reason(jvm_log, started_at)}", hint=f"see {jvm_log}") from error


def _options(settings: Settings, app_name: str) -> dict[str, str]:
    options = {
        "spark.app.name": app_name,
        "spark.master": settings.spark_master,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.warehouse.dir": str(settings.expanded_home / "spark-warehouse"),
        "spark.sql.redaction.options.regex": "(?i)url|password|secret|jaas|keystore",
        "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": str(HASHED_GROUPS),
        "spark.sql.streaming.stateStore.providerClass": STATE_STORE,
        STATE_CHANGES: "true",
        "spark.sql.streaming.stopTimeout": "30s",
    }
    options |= DELTA | connectors(settings)
    if settings.spark_master.startswith("local"):
        options |= {"spark.driver.host": LOOPBACK, "spark.driver.bindAddress": LOOPBACK}
        options["spark.sql.shuffle.partitions"] = str(LOCAL_PARTITIONS)
        # a vacuum lists folders in as many tasks: by itself 10,000
        options["spark.sql.sources.parallelPartitionDiscovery.parallelism"] = str(LOCAL_PARTITIONS)
    if not re.fullmatch(r"local(\[.*])?", settings.spark_master):
        # executors are JVMs of their own: they take neither the driver's options nor its time zone
        options["spark.executor.extraJavaOptions"] = "-Duser.timezone=UTC"
    return options


def _java_options(settings: Settings, logs: Path, long_running: bool) -> list[str]:
    config = Path(__file__).with_name("log4j2.properties")
    options = [
        *java_options(settings),
        "-Duser.timezone=UTC",
        f"-Dlog4j2.configurationFile={config.as_uri()}",
        f"-Davrogate.spark.log={logs / 'spark.log'}",
    ]
    return [f'"{option}"' for option in (options if long_running else [QUICK_START, *options])]


def _java_environment(settings: Settings) -> dict[str, str]:
    """What the launcher reads: a fitting Java, and the Spark that this package was installed with."""
    return {"JAVA_HOME": str(find_java(settings).home), "SPARK_HOME": str(Path(pyspark.__file__).parent)}


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """The launcher takes its variables from this process only: set them for as long as it starts."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _reason(log: Path, start: int) -> str:
    with log.open("rb") as stream:
        stream.seek(start)
        lines = stream.read().decode(errors="replace").splitlines()
    errors = [line.strip() for line in lines if "rror" in line or "xception" in line]
    return (errors or lines or ["the JVM ended without a word"])[0][:300]
