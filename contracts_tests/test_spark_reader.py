"""Spark's from_avro reads the same values from our bytes, for each schema of the catalog."""

from __future__ import annotations

import pytest

from schemas.catalog import load_catalog
from schemas.codec import Codec
from schemas.wire_format import unframe

pytestmark = pytest.mark.spark

CATALOG = load_catalog()


@pytest.mark.parametrize("version", CATALOG.versions, ids=str)
def test_spark_reads_the_same_values(version, spark, values, records_of):
    codec, schema = Codec(version, 1), version.resolved
    records = records_of(version)
    rows = [(number, bytearray(unframe(codec.write(record))[1])) for number, record in enumerate(records)]
    frame = spark.createDataFrame(rows, "number int, body binary")
    decoded = frame.select("number", values.spark_record(schema, "body").alias("record"))
    found = {row.number: values.from_spark(values.expanded(schema), row.record) for row in decoded.collect()}
    assert [found[number] for number in range(len(records))] == records
