"""A topic's records to typed columns, each record by the schema that it was written with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.avro.functions import from_avro

from analytics.writers import TopicSchemas, Writer
from schemas.versions import SchemaVersion
from schemas.wire_format import PREFIX, prefix

UNKNOWN, NOT_FRAMED = "avrogate-unknown-schema-id", "not in the wire format"
_UNKNOWN = re.compile(rf"{UNKNOWN} (\d+)")
STRING_OR_LONG = {"string", "long"}


def decoded(records: DataFrame, schemas: TopicSchemas) -> DataFrame:
    """The records of Spark's Kafka source, decoded. Works on a batch and on a stream.

    Columns: `event` (the record's short name), `time` (when it happened), one struct named after each event
    of the topic (null but for the record's own), `partition`, `offset`, `timestamp` (the broker's).
    A field that is a string or a number becomes its text, so that 42 and "42" are one user.

    Nothing is ever silently null: bytes that do not fit their schema fail the query, and so does a schema id
    that `schemas` does not know (`unknown_id` tells it), in a stream before the batch is committed.
    """
    framed = records.select(
        f.substring("value", 1, PREFIX.size).alias("prefix"),
        f.expr(f"substring(value, {PREFIX.size + 1})").alias("body"),
        *("value", "partition", "offset", "timestamp"),
    )
    structs = [_struct(schemas, name, reader).alias(name) for name, reader in schemas.readers.items()]
    typed = framed.select(_event(schemas).alias("event"), *structs, "partition", "offset", "timestamp")
    times = [f.col(f"{name}.time") for name, reader in schemas.readers.items() if "time" in reader.field_names]
    # the condition stays in every plan, so that an unknown id is noticed by queries that need no `event`
    return typed.where(f.col("event").isNotNull()).withColumn("time", f.coalesce(*times))


def unknown_id(error: BaseException) -> int | None:
    """The schema id that made a query fail, or None if it failed for another reason."""
    found = _UNKNOWN.search(str(error))
    return int(found[1]) if found else None


def _event(schemas: TopicSchemas) -> Column:
    chosen = None
    for writer in schemas.writers.values():
        condition, value = _written_by(writer), f.lit(writer.event)
        chosen = f.when(condition, value) if chosen is None else chosen.when(condition, value)
    return _unknown(schemas.topic) if chosen is None else chosen.otherwise(_unknown(schemas.topic))


def _struct(schemas: TopicSchemas, event: str, reader: SchemaVersion) -> Column:
    options = {
        "avroSchema": json.dumps(reader.resolved),
        "mode": "FAILFAST",
        "enableStableIdentifiersForUnionType": "true",
    }
    column = None
    for writer in (writer for writer in schemas.writers.values() if writer.event == event):
        condition, value = _written_by(writer), from_avro(f.col("body"), json.dumps(writer.schema), options)
        column = f.when(condition, value) if column is None else column.when(condition, value)
    if column is None:
        raise ValueError(f"no writer schema for {event}")
    for name in _string_or_long(reader.resolved):
        column = column.withField(name, _as_text(column[name]))
    return column


def _written_by(writer: Writer) -> Column:
    return f.col("prefix") == f.lit(bytearray(prefix(writer.schema_id)))


def _unknown(topic: str) -> Column:
    place = f.format_string(f" at {topic}, partition %d, offset %d", f.col("partition"), f.col("offset"))
    framed = (f.hex(f.substring("value", 1, 1)) == "00") & (f.length("value") >= PREFIX.size)
    known = f.when(framed, f.conv(f.hex(f.substring("value", 2, 4)), 16, 10))
    message = f.when(known.isNotNull(), f.concat(f.lit(f"{UNKNOWN} "), known, place))
    return f.raise_error(message.otherwise(f.concat(f.lit(NOT_FRAMED), place))).cast("string")


def _string_or_long(schema: dict[str, Any]) -> Iterator[str]:
    for field in schema["fields"]:
        if isinstance(field["type"], list) and {str(branch) for branch in field["type"]} >= STRING_OR_LONG:
            yield field["name"]


def _as_text(union: Column) -> Column:
    return f.coalesce(union["member_string"], union["member_long"].cast("string"))
