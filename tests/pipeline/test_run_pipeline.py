"""`avrogate run-pipeline`, twice, against a recomputation of both reports in plain Python."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from analytics.kpi_topic import read_results
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings

pytestmark = [pytest.mark.stack, pytest.mark.spark]

Run = Callable[..., subprocess.CompletedProcess[str]]
Record = dict[str, Any]


@pytest.fixture(scope="module")
def twice(empty_stack: Settings, avrogate: Run) -> list[str]:
    """What two runs printed, one after the other; the second is told of the cluster as of a foreign one."""
    external = empty_stack.model_copy(
        update={"bootstrap_servers": empty_stack.brokers, "registry_url": empty_stack.registry}
    )
    runs = [
        avrogate(empty_stack, "run-pipeline", "--events", "3000"),
        avrogate(external, "run-pipeline", "--events", "2000"),
    ]
    for run in runs:
        assert run.returncode == 0, run.stderr
    return [run.stdout for run in runs]


@pytest.fixture(scope="module")
def records(empty_stack: Settings, twice: list[str]) -> list[Record]:
    """The enriched events, read by Confluent's deserializer."""
    client = SchemaRegistryClient({"url": empty_stack.registry, "timeout": empty_stack.request_timeout})
    # the default strategy asks for associations, an answer to which Apicurio now and then never ends
    deserialize = AvroDeserializer(client, conf={"subject.name.strategy": topic_record_subject_name_strategy})
    context = SerializationContext("events-enriched", MessageField.VALUE)
    return [deserialize(message.value(), context) for message in read_to_end(empty_stack, "events-enriched")]


def test_it_starts_nothing_that_was_running_and_leaves_it_running(
    empty_stack: Settings, avrogate: Run, twice: list[str]
) -> None:
    assert all("nothing, it was running" in printed for printed in twice)
    assert avrogate(empty_stack, "stack", "status").stdout.count("running") == 2


def test_the_second_run_adds_to_the_first(records: list[Record]) -> None:
    assert 4800 < len(records) < 5000


def test_daily_users(empty_stack: Settings, avrogate: Run, records: list[Record]) -> None:
    done = avrogate(empty_stack, "analytics", "daily-users", "--activity", "any", "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    found = {(row["day"], row["country"], row["platform"]): row["users"] for row in report["rows"]}
    seen: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    totals: dict[str, set[str]] = defaultdict(set)
    for day, user, country, platform in _appearances(records):
        seen[day, country or "Unknown", platform or "Unknown"].add(user)
        totals[day].add(user)
    assert found == {key: len(users) for key, users in seen.items()}
    assert {row["day"]: row["users"] for row in report["totals"]} == {
        day: len(users) for day, users in totals.items()
    }


def test_a_report_as_a_file_and_of_several_days(
    empty_stack: Settings, avrogate: Run, records: list[Record], tmp_path: Path
) -> None:
    from pyarrow import parquet

    file = tmp_path / "users.parquet"
    options = ["--activity", "any", "--format", "parquet", "--output", str(file)]
    done = avrogate(empty_stack, "analytics", "range-users", *options)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    seen: dict[tuple[str | None, str | None], set[str]] = defaultdict(set)
    for _, user, country, platform in _appearances(records):
        seen[country or "Unknown", platform or "Unknown"].add(user)
        seen[None, None].add(user)
    rows = parquet.read_table(file).to_pylist()
    assert {(row["country"], row["platform"]): row["users"] for row in rows} == {
        key: len(users) for key, users in seen.items()
    }
    assert len(rows) == len(seen)


def test_the_lake_is_filled_and_compacted(empty_stack: Settings, avrogate: Run, twice: list[str]) -> None:
    assert all(re.search(r"[0-9,]+ events into the lake at ", printed) for printed in twice)
    assert "and has all of the topic" in " ".join(twice[1].split())
    done = avrogate(empty_stack, "analytics", "lake", "--compact")
    assert re.match(r"Compacted: [0-9]+ files before, [0-9]+ after, 0\.[0-9] MB\.", done.stdout), done.stderr


def test_before_there_is_a_lake(
    empty_stack: Settings, avrogate: Run, twice: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVROGATE_LAKE", str(tmp_path / "none"))
    for command in ("daily-users", "range-users"):
        done = avrogate(empty_stack, "analytics", command)
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            f"avrogate: there is no lake at {tmp_path / 'none'}",
            "          run `avrogate analytics lake`",
        ]


def test_minutes_are_not_recomputed_before_they_are_final(
    empty_stack: Settings, avrogate: Run, twice: list[str]
) -> None:
    future = ["--from", "2040-01-01T00:00", "--to", "2040-01-01T00:10"]
    done = avrogate(empty_stack, "analytics", "minute-kpis", "--recompute", *future)
    assert done.returncode == 1
    assert re.match(r"avrogate: (the minute 2040-01-01 00:10 is not final|no minute is final yet)", done.stderr)
    for wrong in ([], ["--from", "2040-01-01"], [*future, "--once"]):
        done = avrogate(empty_stack, "analytics", "minute-kpis", "--recompute", *wrong)
        assert done.returncode == 2
        assert "--recompute" in done.stderr


def test_minute_kpis(empty_stack: Settings, records: list[Record]) -> None:
    results = read_results(empty_stack)
    assert results.late_events == 0
    found = {(row.minute, row.kpi, dict(row.dimensions).get("country")): row for row in results.rows}
    count: dict[Any, int] = defaultdict(int)
    amount: dict[Any, Decimal] = defaultdict(Decimal)
    users: dict[datetime, set[str]] = defaultdict(set)
    for record in records:
        minute = record["time"].replace(second=0, microsecond=0)
        users[minute].update(_users(record))
        for kpi, country, value in _contributions(record):
            count[minute, kpi, country] += 1
            amount[minute, kpi, country] += value
    expected = {*count, *((minute, "users", None) for minute in users)}
    assert set(found) == expected
    for key, row in found.items():
        if row.kpi == "users":
            assert row.users == len(users[row.minute])
        else:
            assert row.count == count[key]
            assert (row.amount or Decimal(0)) == amount[key]


def _users(record: Record) -> list[str]:
    return [record["user_a"], record["user_b"]] if record["event_type"] == "match" else [record["user_id"]]


def _contributions(record: Record) -> Iterator[tuple[str, str | None, Decimal]]:
    country = record.get("country") or "Unknown"
    if record["event_type"] == "in_app_purchase":
        yield "purchases", None, Decimal(0)
        yield "revenue", None, record["purchase_value"]
        yield "revenue-by-country", country, record["purchase_value"]
    elif record["event_type"] == "match":
        yield "matches", None, Decimal(0)
        yield "matches-by-country", country, Decimal(0)


def _appearances(records: list[Record]) -> Iterator[tuple[str, str, str | None, str | None]]:
    for record in records:
        day = record["time"].astimezone(UTC).date().isoformat()
        if record["event_type"] == "match":
            yield day, record["user_a"], record["country"], record["user_a_postmatch_info"]["platform"]
            info = record["user_b_postmatch_info"]
            yield day, record["user_b"], None, info["platform"] if info else None
        else:
            yield day, record["user_id"], record["country"], record["platform"]
