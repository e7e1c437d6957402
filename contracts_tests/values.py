"""What other libraries call a record's values: the mapping is the Avro specification's, not our codec's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from schemas.catalog import Catalog
from schemas.check import example_files
from schemas.contract import compile_contract
from schemas.validate import parse
from schemas.versions import SchemaVersion

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
    """A schema with each record written out wherever it is named: no legal Avro, but simple to walk along."""
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
            named[f"{inside}.{node['name']}"] = found
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
