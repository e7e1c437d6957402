"""Both reports over a real topic, compared with a recomputation in plain Python: exactly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import SparkSession

from analytics.daily_users import DailyReport, daily_users
from analytics.kpis import Kpi
from analytics.minute_kpis import compute_once
from analytics.writers import prepare
from avrogate.errors import BrokerUnavailable, ConfigError, ContractError, RegistryUnavailable
from schemas.registry import Registry
from schemas.wire_format import frame

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = [pytest.mark.spark, pytest.mark.stack]

# three minutes before midnight UTC
START = 1_773_532_620


def as_dicts(report: DailyReport) -> tuple[dict[tuple[date, str, str], int], dict[date, int]]:
    return {(row.day, row.country, row.platform): row.users for row in report.rows}, report.totals


def test_both_reports_around_midnight(
    spark: SparkSession, platform: Platform, writer: Any, reference: ModuleType
) -> None:
    events = reference.events(7, 3000, START, 400)
    writer.write(events)
    settings, catalog = platform.settings, platform.catalog
    for activity in ("init", "any"):
        report = daily_users(spark, settings, activity=activity, catalog=catalog)
        assert as_dicts(report) == reference.daily(events, activity)
        assert len(report.totals) == 2
        assert report.freshness.events == len(events)
        assert report.freshness.newest_event.timestamp() * 1000 == max(event["time"] for event in events)
    rows = compute_once(spark, settings, catalog=catalog)
    assert reference.as_dict(rows) == reference.minutes(events)
    assert {row.final for row in rows} == {None}


def test_only_the_days_that_are_asked_for(
    spark: SparkSession, platform: Platform, writer: Any, reference: ModuleType
) -> None:
    events = reference.events(8, 200, START, 400)
    writer.write(events)
    second = date(2026, 3, 15)
    report = daily_users(spark, platform.settings, first=second, last=second, catalog=platform.catalog)
    rows, totals = reference.daily(events, "init")
    assert as_dicts(report) == ({key: n for key, n in rows.items() if key[0] == second}, {second: totals[second]})
    assert report.freshness.events == 200
    nothing = daily_users(spark, platform.settings, first=date(2027, 1, 1), catalog=platform.catalog)
    assert as_dicts(nothing) == ({}, {})
    assert nothing.freshness.events == 200


def test_a_kpi_of_ones_own_with_a_condition(
    spark: SparkSession, platform: Platform, writer: Any, reference: ModuleType
) -> None:
    values = ["0.10", "0.20", "5.00", "7.35"]
    writer.write([reference.purchase(f"u{n % 2}", START * 1000, value) for n, value in enumerate(values)])
    kpi = Kpi(
        name="large-purchases",
        event="InAppPurchase",
        reads={"purchase_value": "decimal(18,2)", "user_id": "string", "product_id": "string"},
        where="purchase_value >= 0.2",
        amount="purchase_value",
        users=("user_id",),
        dimensions={"product": "product_id", "cents": "purchase_value * 100 % 100 > 0"},
    )
    rows = compute_once(spark, platform.settings, catalog=platform.catalog, kpis=[kpi])
    assert [(dict(row.dimensions), row.count, row.amount, row.users) for row in rows] == [
        ({"product": "p", "cents": "false"}, 1, Decimal("5.00"), 1),
        ({"product": "p", "cents": "true"}, 2, Decimal("7.55"), 1),
    ]


def test_an_empty_topic_and_one_with_nothing_but_markers(
    spark: SparkSession, platform: Platform, writer: Any, reference: ModuleType
) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="is empty"):
            daily_users(spark, platform.settings, catalog=platform.catalog)
        writer.send([("k", b"never seen")], commit=False)
    assert compute_once(spark, platform.settings, catalog=platform.catalog) == ()


def test_bytes_that_are_no_event_end_the_report(
    spark: SparkSession, platform: Platform, writer: Any, reference: ModuleType
) -> None:
    writer.send([("k", b"junk")])
    with pytest.raises(ContractError, match=r"not in the wire format at events-enriched-\w+, partition \d, offset 0"):
        compute_once(spark, platform.settings, catalog=platform.catalog)


def test_an_id_that_the_registry_does_not_know(
    spark: SparkSession, platform: Platform, writer: Any, reference: ModuleType
) -> None:
    writer.send([("k", frame(987_654, b"\x00"))])
    with pytest.raises(ContractError, match="schema id 987654"):
        daily_users(spark, platform.settings, catalog=platform.catalog)


def test_what_can_be_said_without_spark(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, catalog = platform.settings, platform.catalog
    with pytest.raises(BrokerUnavailable):
        prepare(settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1", "request_timeout": 1.0}), catalog)
    with pytest.raises(RegistryUnavailable):
        prepare(settings.model_copy(update={"registry_url": "http://127.0.0.1:1"}), catalog)
    with pytest.raises(ConfigError, match="is not on"):
        prepare(settings, catalog.suffixed("nowhere"))
    init = catalog.newest(catalog.topic_of("enriched", "init"), "init")
    assert Registry(settings).ids(init.subject) == [Registry(settings).id_of(init)]
