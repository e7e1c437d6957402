"""What Prometheus sees of a processor, and that the docs have all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from processors.metrics import metrics
from processors.records import Enriched, Refused
from processors.vitals import Committed, Restoring, Vitals
from producers.metrics import PublisherCollector
from producers.summary import Summary

DOCS = Path(__file__).parents[3] / "docs" / "operation.md"
NOTHING = Enriched({}, b"", b"", "init")


class Done:
    """A publisher, as far as its metrics look at it."""

    summary = Summary(
        sent={"init": 3, "match": 0},
        refused={"missing-field": 2},
        dropped={"init: extra": 1, "init: more": 4, "others": 7},
        failed=1,
        seconds=1.0,
    )


def shown(registry: CollectorRegistry) -> dict[str, float]:
    """Value by name and labels, as Prometheus reads them."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        f"{sample.name}{sample.labels or ''}".replace("'", ""): sample.value
        for family in families
        for sample in family.samples
    }


def test_all_of_it_by_name_and_label() -> None:
    vitals = Vitals()
    registry = metrics(vitals, ["init", "match"])
    before = shown(registry)
    assert before["avrogate_events_total{event: match, outcome: refused}"] == 0
    assert before["avrogate_rule_refusals_total{rule: two-players}"] == 0
    assert before["avrogate_part_healthy{part: registry}"] == before["avrogate_healthy"] == 1
    assert before["avrogate_ready"] == before["avrogate_restore_offsets{step: total}"] == 0

    refused = [Refused("rule", "m", rule="two-players", event="match"), Refused("truncated", "m")]
    vitals.tally.add({"init": 2}, refused, {"unknown-country": 5}, 0.2)
    vitals.tally.aborted = 2
    vitals.lag |= {0: 7, 3: 0}
    vitals.owned = 2
    vitals.profiles, vitals.restarts, vitals.restoring = 11, 3, Restoring(40, 100)
    vitals.health.ready = True
    vitals.health.trouble("registry", "away")
    assert vitals.on_batch is not None
    vitals.on_batch(Committed(4, 0.2, 0.03))
    after = shown(registry)
    assert {name: after[name] for name in EXPECTED} == EXPECTED
    assert "avrogate_events_total{event: , outcome: enriched}" not in after


EXPECTED = {
    "avrogate_events_total{event: init, outcome: enriched}": 2,
    "avrogate_events_total{event: init, outcome: refused}": 0,
    "avrogate_events_total{event: match, outcome: refused}": 1,
    "avrogate_events_total{event: , outcome: refused}": 1,
    "avrogate_refused_events_total{event: match, reason: rule}": 1,
    "avrogate_refused_events_total{event: , reason: truncated}": 1,
    "avrogate_rule_refusals_total{rule: two-players}": 1,
    "avrogate_rule_findings_total{finding: unknown-country}": 5,
    "avrogate_transactions_total{result: committed}": 1,
    "avrogate_transactions_total{result: aborted}": 2,
    "avrogate_producer_restarts_total": 3,
    "avrogate_lag_offsets{partition: 0}": 7,
    "avrogate_lag_offsets{partition: 3}": 0,
    "avrogate_partitions_owned": 2,
    "avrogate_profiles": 11,
    "avrogate_restore_offsets{step: done}": 40,
    "avrogate_restore_offsets{step: total}": 100,
    "avrogate_healthy": 0,
    "avrogate_ready": 0,
    "avrogate_part_healthy{part: registry}": 0,
    "avrogate_part_healthy{part: broker}": 1,
    "avrogate_outages_total": 1,
    "avrogate_batch_events_sum": 4,
    "avrogate_batch_seconds_bucket{le: 0.1}": 0,
    "avrogate_batch_seconds_bucket{le: 0.25}": 1,
    "avrogate_transaction_seconds_bucket{le: 0.05}": 1,
}


def test_a_publisher_s() -> None:
    registry = CollectorRegistry()
    registry.register(PublisherCollector(Done()))  # type: ignore[arg-type]
    assert shown(registry) == {
        "avrogate_publisher_events_total{event: init}": 3,
        "avrogate_publisher_events_total{event: match}": 0,
        "avrogate_publisher_refused_events_total{reason: missing-field}": 2,
        "avrogate_publisher_dropped_fields_total{event: init}": 5,
        "avrogate_publisher_dropped_fields_total{event: others}": 7,
        "avrogate_publisher_failed_records_total": 1,
    }


@pytest.fixture
def families() -> dict[str, str]:
    """The type of each metric by the name that a query has."""
    registry = metrics(Vitals(), [])
    registry.register(PublisherCollector(Done()))  # type: ignore[arg-type]
    return {
        family.name + ("_total" if family.type == "counter" else ""): family.type for family in registry.collect()
    }


def test_the_docs_have_each_metric_and_no_other(families: dict[str, str]) -> None:
    rows = re.findall(r"(?m)^\| `(\w+)(?:\{[\w, ]+\})?` \| (\w+) \|", DOCS.read_text(encoding="utf-8"))
    assert len(rows) == len(dict(rows))
    assert dict(rows) == families


def test_names_are_prometheus_ones(families: dict[str, str]) -> None:
    for name in families:
        assert re.fullmatch(r"(avrogate|process)_[a-z_]+", name)
