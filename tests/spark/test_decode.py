"""Records to columns, without a broker: the bytes are those that our codec writes."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

import fastavro
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import BinaryType, IntegerType, LongType, StructField, StructType, TimestampType

from analytics.decode import decoded, unknown_id
from analytics.writers import TopicSchemas, Writer
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.wire_format import frame

pytestmark = pytest.mark.spark

KAFKA = StructType(
    [
        StructField("value", BinaryType()),
        StructField("partition", IntegerType()),
        StructField("offset", LongType()),
        StructField("timestamp", TimestampType()),
    ]
)
STORED = datetime(2026, 3, 14, tzinfo=UTC)
TIME = 1_773_532_680_000


def records(spark: SparkSession, values: Sequence[bytes | None]) -> DataFrame:
    rows = [(None if value is None else bytearray(value), 3, n, STORED) for n, value in enumerate(values)]
    return spark.createDataFrame(rows, KAFKA)


def schemas(catalog: Catalog, topic: str) -> TopicSchemas:
    versions = [catalog.newest(topic, event) for event in catalog.topics[topic].events]
    readers = {version.short_name: version for version in versions}
    writers = {n: Writer(name, n, version.resolved) for n, (name, version) in enumerate(readers.items(), start=101)}
    return TopicSchemas(topic, readers, writers)


def codec(schemas: TopicSchemas, event: str) -> Codec:
    number = next(number for number, writer in schemas.writers.items() if writer.event == event)
    return Codec(schemas.readers[event], number)


def test_every_value_as_it_was_written(spark: SparkSession, catalog: Catalog, reference: ModuleType) -> None:
    known = schemas(catalog, "events-enriched")
    written = reference.events(1, 300, TIME // 1000, 3600)
    names = {"init": "Init", "match": "Match", "in_app_purchase": "InAppPurchase"}
    codecs = {kind: codec(known, name) for kind, name in names.items()}
    values = [codecs[record["event_type"]].write(record) for record in written]
    columns = [
        "event",
        f.unix_millis("time").alias("time"),
        *(f.col(name).dropFields("time").alias(name) for name in known.readers),
    ]
    found = decoded(records(spark, values), known).orderBy("offset").select(*columns).collect()
    assert len(found) == len(written)
    for row, record in zip(found, written, strict=True):
        name = names[record["event_type"]]
        assert (row["event"], row["time"]) == (name, record["time"])
        assert row[name].asDict(recursive=True) == {key: record[key] for key in record if key != "time"}
        assert [row[other] for other in known.readers if other != name] == [None, None]


def test_a_raw_user_is_its_text(spark: SparkSession, catalog: Catalog) -> None:
    known = schemas(catalog, "events-raw")
    event = {"event-type": "init", "time": 5, "country": "PT", "platform": "ios"}
    values = [codec(known, "Init").encode({**event, "user-id": user}) for user in (42, "42", "ö")]
    found = decoded(records(spark, values), known).orderBy("offset").select("Init.user_id").collect()
    assert [row["user_id"] for row in found] == ["42", "42", "ö"]


def test_older_and_newer_writers(spark: SparkSession, catalog: Catalog, reference: ModuleType) -> None:
    known = schemas(catalog, "events-enriched")
    reader = known.readers["InAppPurchase"]
    fields = reader.resolved["fields"]
    older = {**reader.resolved, "fields": [one for one in fields if one["name"] != "country"]}
    extra = {"name": "coupon", "json-name": "coupon", "type": ["null", "string"], "default": None}
    newer = {**reader.resolved, "fields": [*fields, extra]}
    values = []
    for number, schema in ((201, older), (202, newer)):
        out = io.BytesIO()
        record = {**reference.purchase("u", TIME, "9.99", "Chad"), "coupon": "X"}
        fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(json.dumps(schema))), record)
        values.append(frame(number, out.getvalue()))
    both = {n: Writer("InAppPurchase", n, schema) for n, schema in ((201, older), (202, newer))}
    found = decoded(records(spark, values), TopicSchemas(known.topic, known.readers, {**known.writers, **both}))
    rows = found.orderBy("offset").select("InAppPurchase.country", "InAppPurchase.purchase_value").collect()
    assert [tuple(row) for row in rows] == [(None, Decimal("9.99")), ("Chad", Decimal("9.99"))]


@pytest.mark.parametrize("columns", [["event"], ["Match.user_a"], ["offset"]], ids=str)
def test_an_unknown_id_fails_whatever_is_asked(
    spark: SparkSession, catalog: Catalog, reference: ModuleType, columns: list[str]
) -> None:
    known = schemas(catalog, "events-enriched")
    good = codec(known, "Init").write(reference.init("u", TIME))
    found = decoded(records(spark, [good, frame(4_000_000_000, b"\x00")]), known)
    with pytest.raises(PySparkException) as caught:
        found.select(*columns).collect()
    assert unknown_id(caught.value) == 4_000_000_000
    with pytest.raises(PySparkException):
        found.groupBy().agg(f.count(f.lit(1))).collect()


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00", b"\x01\x00\x00\x00\x65\x00", b"{}"], ids=str)
def test_bytes_that_are_not_framed_fail_with_their_place(
    spark: SparkSession, catalog: Catalog, value: bytes | None
) -> None:
    known = schemas(catalog, "events-enriched")
    with pytest.raises(PySparkException, match="not in the wire format at events-enriched, partition 3, offset 0"):
        decoded(records(spark, [value]), known).select("event").collect()


def test_a_body_that_does_not_fit_its_schema_fails(spark: SparkSession, catalog: Catalog) -> None:
    known = schemas(catalog, "events-enriched")
    found = decoded(records(spark, [frame(codec(known, "Init").schema_id, b"\x00\x02")]), known)
    with pytest.raises((PySparkException, Py4JJavaError), match="alformed"):
        found.select("Init.user_id").collect()


def test_a_session_counts_days_in_utc_and_is_ansi(spark: SparkSession) -> None:
    row: Any = spark.sql("SELECT current_timezone() AS zone").first()
    assert row["zone"] == "UTC"
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"
