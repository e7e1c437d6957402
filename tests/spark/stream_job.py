"""The streaming job of `test_killed_stream.py` in a process of its own: a line of JSON for each batch."""

from __future__ import annotations

import json
import sys
from threading import Event

from analytics.session import spark_session
from analytics.stream import BatchReport, run_stream
from avrogate.settings import load_settings
from schemas.catalog import load_catalog


def main() -> None:
    """Run live, or with a second argument until there is nothing new."""
    settings, catalog = load_settings(), load_catalog().suffixed(sys.argv[1])
    spark = spark_session(settings, "killed")
    try:
        run_stream(
            spark,
            settings,
            until_idle=float(sys.argv[2]) if sys.argv[2:] else None,
            stop=Event(),
            on_batch=_say,
            catalog=catalog,
        )
    finally:
        spark.stop()


def _say(report: BatchReport) -> None:
    print(json.dumps({"events": report.events, "late": report.late_events, "batch": report.batch}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
