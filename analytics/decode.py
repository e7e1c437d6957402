"""A topic's records to typed columns, each record by the schema that it was written with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.avro.functions import from_avro

from analytics.writers import TopicSchemas
from schemas.versions import SchemaVersion
from schemas.wire_format import PREFIX, prefix

UNKNOWN, NOT_FRAMED = "avrogate-unknown-schema-id", "not in the wire format"
# the `event` of a record that is none
REFUSED = "_refused"
_UNKNOWN = re.compile(rf"{UNKNOWN} (\d+)")
STRING_OR_LONG = {"string", "long"}
UNDECODABLE = "undecodable"
KEPT = ("partition", "offset", "timestamp")


def decoded(records: DataFrame, schemas: TopicSchemas, *, quarantine: bool = False) -> DataFrame:
    """The records of Spark's Kafka source, decoded. Works on a batch and on a stream.

    Columns: `event` (the record's short name), `time` (when it happened), one struct named after each event
    of the topic (null but for the record's own), `partition`, `offset`, `timestamp` (the broker's).
    A field that is a string or a number becomes its text, so that 42 and "42" are one user.

    Nothing is ever silently null: bytes that do not fit their schema fail the query, and so does a schema id
    that `schemas` does not know (`unknown_id` tells it), in a stream before the batch is committed.

    With `quarantine`, only an unknown id fails. What is no event of the topic has the event `REFUSED`, and two
    more columns: `refused` (the reason code of WireFormatError; null for an event) and `value` (the bytes).
    """
    framed = records.select(
        f.substring("value", 1, PREFIX.size).alias("prefix"),
        f.expr(f"substring(value, {PREFIX.size + 1})").alias("body"),
        *("value", "partition", "offset", "timestamp"),
    ).withColumn("event", _event(schemas, quarantine))
    # the condition stays in every plan, so that an unknown id is noticed by queries that need no `event`; it looks
    # at nothing that is decoded, which Spark would decode once for it and once more for the result
    framed = framed.where(f.col("event").isNotNull())
    structs = [_struct(schemas, name, reader, quarantine).alias(name) for name, reader in schemas.readers.items()]
    typed = framed.select("event", *structs, *KEPT, *(["value"] if quarantine else []))
    if quarantine:
        typed = _apart(typed, schemas)
    times = [f.col(f"{name}.time") for name, reader in schemas.readers.items() if "time" in reader.field_names]
    return typed.withColumn("time", f.coalesce(*times))


def unknown_ids(records: DataFrame, schemas: TopicSchemas) -> DataFrame:
    """Each schema id in the records that `schemas` knows nothing of, once, as `schema_id`."""
    known = f.substring("value", 1, PREFIX.size).isin(_prefixes([*schemas.writers, *schemas.refused]))
    return records.where(_framed() & ~known).select(_schema_id().cast("long").alias("schema_id")).distinct()


def unknown_id(error: BaseException) -> int | None:
    """The schema id that made a query fail, or None if it failed for another reason."""
    found = _UNKNOWN.search(str(error))
    return int(found[1]) if found else None


def _event(schemas: TopicSchemas, quarantine: bool) -> Column:
    """The event's name. With `quarantine`, of what is none: `REFUSED`, a space and the reason."""
    chosen = f.when(f.lit(False), f.lit(""))
    for writer in schemas.writers.values():
        chosen = chosen.when(_written_by(writer.schema_id), f.lit(writer.event))
    if quarantine:
        for reason in sorted(set(schemas.refused.values())):
            numbers = [number for number, why in schemas.refused.items() if why == reason]
            chosen = chosen.when(f.col("prefix").isin(_prefixes(numbers)), _refused(reason))
        size = f.length("value")
        chosen = chosen.when(f.col("value").isNull(), _refused("tombstone"))
        chosen = chosen.when(size == 0, _refused("empty-value"))
        chosen = chosen.when(f.hex(f.substring("value", 1, 1)) != "00", _refused("wrong-magic-byte"))
        chosen = chosen.when(size < PREFIX.size, _refused("truncated"))
    return chosen.otherwise(_unknown(schemas.topic))


def _refused(reason: str) -> Column:
    return f.lit(f"{REFUSED} {reason}")


def _apart(typed: DataFrame, schemas: TopicSchemas) -> DataFrame:
    """`refused` out of `event`, and the records whose bytes are not what their schema says."""
    reason = f.when(f.col("event").startswith(f"{REFUSED} "), f.substring_index("event", " ", -1))
    for name, reader in schemas.readers.items():
        # a body that does not fit gives a struct of nulls: seen by a field that is never null in one that does
        if needed := _never_null(reader):
            reason = reason.when((f.col("event") == name) & f.col(f"{name}.{needed}").isNull(), UNDECODABLE)
    others = [name for name in typed.columns if name != "event"]
    told = typed.select("event", reason.alias("refused"), *others)
    return told.withColumn("event", f.when(f.col("refused").isNull(), f.col("event")).otherwise(REFUSED))


def _never_null(reader: SchemaVersion) -> str | None:
    fields = reader.resolved["fields"]
    return next((one["name"] for one in fields if not isinstance(one["type"], list)), None)


def _struct(schemas: TopicSchemas, event: str, reader: SchemaVersion, quarantine: bool) -> Column:
    options = {
        "avroSchema": json.dumps(reader.resolved),
        "mode": "PERMISSIVE" if quarantine and _never_null(reader) else "FAILFAST",
        "enableStableIdentifiersForUnionType": "true",
    }
    column = None
    for writer in (writer for writer in schemas.writers.values() if writer.event == event):
        value = from_avro(f.col("body"), json.dumps(writer.schema), options)
        condition = _written_by(writer.schema_id)
        column = f.when(condition, value) if column is None else column.when(condition, value)
    if column is None:
        raise ValueError(f"no writer schema for {event}")
    for name in _string_or_long(reader.resolved):
        column = column.withField(name, _as_text(column[name]))
    return column


def _written_by(schema_id: int) -> Column:
    return f.col("prefix") == f.lit(bytearray(prefix(schema_id)))


def _prefixes(numbers: Iterable[int]) -> list[bytearray]:
    return [bytearray(prefix(number)) for number in numbers]


def _framed() -> Column:
    return (f.hex(f.substring("value", 1, 1)) == "00") & (f.length("value") >= PREFIX.size)


def _schema_id() -> Column:
    return f.conv(f.hex(f.substring("value", 2, 4)), 16, 10)


def _unknown(topic: str) -> Column:
    place = f.format_string(f" at {topic}, partition %d, offset %d", f.col("partition"), f.col("offset"))
    known = f.when(_framed(), _schema_id())
    message = f.when(known.isNotNull(), f.concat(f.lit(f"{UNKNOWN} "), known, place))
    return f.raise_error(message.otherwise(f.concat(f.lit(NOT_FRAMED), place))).cast("string")


def _string_or_long(schema: dict[str, Any]) -> Iterator[str]:
    for field in schema["fields"]:
        if isinstance(field["type"], list) and {str(branch) for branch in field["type"]} >= STRING_OR_LONG:
            yield field["name"]


def _as_text(union: Column) -> Column:
    return f.coalesce(union["member_string"], union["member_long"].cast("string"))
