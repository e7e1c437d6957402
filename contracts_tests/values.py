"""What other libraries call a record's values: the mapping is the Avro specification's, not our codec's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings

from schemas.catalog import Catalog
from schemas.check import example_files
from schemas.contract import compile_contract
from schemas.validate import parse
from schemas.versions import SchemaVersion

if TYPE_CHECKING:
    from pyspark.sql import Column

SPARK = {"mode": "FAILFAST", "enableStableIdentifiersForUnionType": "true"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def valid_records(catalog: Catalog, version: SchemaVersion, strategies: Any, generated: int) -> list[dict[str, Any]]:
    """The records of a version's valid examples, and of some generated events, the same in each run."""
    contract = compile_contract(version.resolved)
    events = [
        parse(file.read_text(encoding="utf-8"))
        for file in example_files(catalog, version)
        if file.parent.name == "valid"
    ]
    return [contract.to_record(event) for event in [*events, *_generated(version, strategies, generated)]]


def _generated(version: SchemaVersion, strategies: Any, number: int) -> Iterator[Any]:
    found: list[Any] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.valid_events(version.resolved))
    def collect(event: Any) -> None:
        found.append(event)

    collect()
    yield from found


def expanded(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with each named type written out wherever it is named, with its full name.

    No legal Avro, but simple to walk along.
    """
    named: dict[str, Any] = {}

    def walk(node: Any, namespace: str) -> Any:
        if isinstance(node, str):
            return named.get(node, node)
        if isinstance(node, list):
            return [walk(branch, namespace) for branch in node]
        inside = node.get("namespace", namespace)
        found = dict(node)
        for key in ("items", "values"):
            if key in node:
                found[key] = walk(node[key], inside)
        if "fields" in node:
            found["fields"] = [{**field, "type": walk(field["type"], inside)} for field in node["fields"]]
        if "name" in node:
            found["full-name"] = f"{inside}.{node['name']}"
            named[found["full-name"]] = found
        return found

    result: dict[str, Any] = walk(schema, "")
    return result


def rich(avro: Any, value: Any) -> Any:
    """A record's value with timestamps as points in time, which is how Confluent's serializer wants them.

    `avro` is `expanded`.
    """
    if isinstance(avro, list):
        branches = [branch for branch in avro if branch != "null"]
        return value if value is None or len(branches) > 1 else rich(branches[0], value)
    if not isinstance(avro, dict):
        return value
    if avro.get("logicalType") == "timestamp-millis":
        return EPOCH + timedelta(milliseconds=value)
    match avro["type"]:
        case "record":
            return {field["name"]: rich(field["type"], value[field["name"]]) for field in avro["fields"]}
        case "array":
            return [rich(avro["items"], item) for item in value]
        case "map":
            return {key: rich(avro["values"], item) for key, item in value.items()}
        case _:
            return value


def spark_record(schema: dict[str, Any], body: str) -> Column:
    """The records in a column of Avro binary by Spark's from_avro, for `from_spark`.

    Timestamps are read as numbers, since not every one of Spark's is a datetime of Python's.
    """
    from pyspark.sql import functions as f
    from pyspark.sql.avro.functions import from_avro

    record = from_avro(body, json.dumps(schema), SPARK)
    names = [field["name"] for field in schema["fields"] if "timestamp-millis" in json.dumps(field["type"])]
    assert json.dumps(schema).count("timestamp-millis") == len(names), (
        "teach this function timestamps in nested records"
    )
    for name in names:
        record = record.withField(name, f.unix_millis(record[name]))
    return record


def from_spark(avro: Any, value: Any) -> Any:
    """A value as Spark gives it, in a record's terms; `avro` is `expanded`."""
    if value is None:
        return None
    if isinstance(avro, list):
        branches = [branch for branch in avro if branch != "null"]
        if len(branches) > 1:  # a struct with one field for each branch, of which one is set
            (found,) = [member for member in value.asDict().values() if member is not None]
            return found
        return from_spark(branches[0], value)
    match avro["type"] if isinstance(avro, dict) else avro:
        case "bytes" if not isinstance(avro, dict):
            return bytes(value)
        case "record":
            return {field["name"]: from_spark(field["type"], value[field["name"]]) for field in avro["fields"]}
        case "array":
            return [from_spark(avro["items"], item) for item in value]
        case "map":
            return {key: from_spark(avro["values"], item) for key, item in value.items()}
        case _:
            return value
