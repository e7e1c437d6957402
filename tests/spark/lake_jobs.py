"""A driver of `test_lake_kills.py`: fills the lake in a process of its own, until it is killed or idle."""

from __future__ import annotations

import json
import sys

from analytics import lake_fill
from analytics.lake_fill import fill_lake
from analytics.session import spark_session
from avrogate.settings import load_settings
from schemas.catalog import load_catalog


def main() -> None:
    """The arguments: the catalog's suffix, records per batch, seconds until it is idle."""
    suffix, records, idle = sys.argv[1:]
    lake_fill.RECORDS_PER_BATCH = int(records)
    settings, catalog = load_settings(), load_catalog().suffixed(suffix)
    spark = spark_session(settings, "lake")
    summary = fill_lake(spark, settings, until_idle=float(idle), catalog=catalog)
    print(json.dumps(vars(summary)), flush=True)  # noqa: T201
    spark.stop()


if __name__ == "__main__":
    main()
