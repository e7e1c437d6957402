"""A driver of `test_cluster.py`: one session, then one job for each line of its input, one line of JSON for each."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from pyspark.sql import SparkSession

from analytics.daily_users import daily_users
from analytics.lake import existing_lake
from analytics.lake_fill import fill_lake
from analytics.lake_upkeep import compact
from analytics.session import spark_session
from analytics.sources import Source
from analytics.stream import run_stream
from avrogate.settings import Settings, load_settings
from schemas.catalog import Catalog, load_catalog


def executors(spark: SparkSession) -> Any:
    """Time zones that the JVMs of the executors are in."""
    zones = spark.range(8, numPartitions=8).selectExpr(
        "java_method('java.util.TimeZone', 'getDefault') AS zone",
        "java_method('java.lang.ProcessHandle', 'current') AS pid",
    )
    return [[row["zone"], row["pid"]] for row in zones.distinct().collect()]


def job(name: str, spark: SparkSession, settings: Settings, catalog: Catalog) -> Any:
    """Do one job by its name."""
    if name == "executors":
        return executors(spark)
    if name == "stream":
        summary = run_stream(spark, settings, until_idle=0, catalog=catalog)
        return {"events": summary.events, "late": summary.late_events, "restarts": summary.restarts}
    if name == "lake":
        filled = fill_lake(spark, settings, until_idle=0, catalog=catalog)
        return {"events": filled.events, "after": vars(compact(existing_lake(spark, settings)))}
    source: Source = "lake" if name == "daily of the lake" else "kafka"
    report = daily_users(spark, settings, activity="any", source=source, catalog=catalog)
    return {
        "rows": [asdict(row) for row in report.rows],
        "totals": {str(day): users for day, users in report.totals.items()},
    }


def main() -> None:
    """Say that the session is there, then do what is asked for until the input ends."""
    settings, catalog = load_settings(), load_catalog().suffixed(sys.argv[1])
    spark = spark_session(settings, "cluster")
    try:
        print(json.dumps(spark.sparkContext.master), flush=True)  # noqa: T201
        for line in sys.stdin:
            print(json.dumps(job(line.strip(), spark, settings, catalog), default=str), flush=True)  # noqa: T201
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
