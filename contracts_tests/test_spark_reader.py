"""Spark's from_avro reads the same values from our bytes, for each schema of the catalog."""

from __future__ import annotations

import json
from typing import Any

import pytest

from avrogate.settings import load_settings
from schemas.catalog import load_catalog
from schemas.codec import Codec
from schemas.wire_format import unframe

pytestmark = pytest.mark.spark

CATALOG = load_catalog()
OPTIONS = {"mode": "FAILFAST", "enableStableIdentifiersForUnionType": "true"}


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    from pyspark import SparkContext

    from analytics.session import spark_session

    running = SparkContext._active_spark_context is not None
    settings = load_settings()
    home = tmp_path_factory.mktemp("spark")
    session = spark_session(
        settings.model_construct(**{**dict(settings), "home": home, "downloads": settings.downloads_home}),
        "contracts",
    )
    yield session
    if not running:
        session.stop()


def from_spark(avro: Any, value: Any) -> Any:
    """A value as Spark gives it, in a record's terms; timestamps are dealt with by `timestamps`."""
    if value is None:
        return None
    if isinstance(avro, list):
        branches = [branch for branch in avro if branch != "null"]
        if len(branches) > 1:  # a struct with one field for each branch, of which one is set
            (found,) = [member for member in value.asDict().values() if member is not None]
            return found
        return from_spark(branches[0], value)
    kind = avro["type"] if isinstance(avro, dict) else avro
    match kind:
        case "bytes" if not isinstance(avro, dict):
            return bytes(value)
        case "record":
            return {field["name"]: from_spark(field["type"], value[field["name"]]) for field in avro["fields"]}
        case "array":
            return [from_spark(avro["items"], item) for item in value]
        case _:
            return value


def timestamps(schema: dict[str, Any]) -> list[str]:
    """The fields that are timestamps: read as numbers, since not every one of Spark's is a datetime of Python's."""
    names = [field["name"] for field in schema["fields"] if "timestamp-millis" in json.dumps(field["type"])]
    assert json.dumps(schema).count("timestamp-millis") == len(names), "teach this test timestamps in nested records"
    return names


@pytest.mark.parametrize("version", CATALOG.versions, ids=str)
def test_spark_reads_the_same_values(version, spark, values, records_of):
    from pyspark.sql import functions as f
    from pyspark.sql.avro.functions import from_avro

    codec, schema = Codec(version, 1), version.resolved
    records = records_of(version)
    rows = [(number, bytearray(unframe(codec.write(record))[1])) for number, record in enumerate(records)]
    decoded = spark.createDataFrame(rows, "number int, body binary").select(
        "number", from_avro("body", json.dumps(schema), OPTIONS).alias("record")
    )
    for name in timestamps(schema):
        decoded = decoded.withColumn("record", f.col("record").withField(name, f.unix_millis(f"record.{name}")))
    found = {row.number: from_spark(values.expanded(schema), row.record) for row in decoded.collect()}
    assert [found[number] for number in range(len(records))] == records
