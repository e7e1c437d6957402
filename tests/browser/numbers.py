"""Numbers for the dashboard: rows to publish, what the topic holds by an independent reader, what a page shows."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import fastavro
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from playwright.sync_api import Page, expect

from analytics.kpis import Kpi
from analytics.results import KpiRow
from avrogate.settings import Settings

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
COUNTRIES = ["Portugal", "United States", "Côte d’Ivoire", "Unknown", *(f"Country {n:02}" for n in range(20))]


def rows(seed: int, minutes: int, start: datetime = NOON) -> list[KpiRow]:
    """Rows of the shipped KPIs for some minutes; not every minute has every KPI."""
    source = random.Random(seed)
    found = []
    for number in range(minutes):
        minute = start + timedelta(minutes=number)
        count, amount = source.randrange(1, 5000), Decimal(source.randrange(10**17)) / 100
        if source.random() < 0.8:
            found.append(KpiRow("purchases", minute, (), count))
            found.append(KpiRow("revenue", minute, (), count, amount))
        found.append(KpiRow("users", minute, (), count, users=source.randrange(3000)))
        found.append(KpiRow("matches", minute, (), source.randrange(1, 90)))
        for country in source.sample(COUNTRIES, 14):
            key = (("country", country),)
            found.append(KpiRow("revenue-by-country", minute, key, 1, Decimal(source.randrange(10**9)) / 100))
            found.append(KpiRow("matches-by-country", minute, key, source.randrange(1, 50)))
    return found


def of_topic(settings: Settings, topic: str) -> dict[tuple[str, int, tuple[tuple[str, str], ...]], dict[str, Any]]:
    """The greatest record of each key, read with nothing of ours: Confluent's client and fastavro."""
    registry = SchemaRegistryClient({"url": settings.registry})
    options = {"bootstrap.servers": settings.brokers, "group.id": "independent", "auto.offset.reset": "earliest"}
    client, schemas, greatest = Consumer({**options, "enable.partition.eof": True}), {}, {}
    client.subscribe([topic])
    while True:
        message = client.poll(30)
        assert message is not None, f"{topic} gives nothing"
        if message.error():
            break
        value = message.value()
        number = int.from_bytes(value[1:5], "big")
        if number not in schemas:
            schemas[number] = fastavro.parse_schema(json.loads(registry.get_schema(number).schema_str))
        record: Any = fastavro.schemaless_reader(io.BytesIO(value[5:]), schemas[number])
        if "kpi" in record:
            key = record["kpi"], int(record["window_start"].timestamp()), tuple(sorted(record["dimensions"].items()))
            order = record["generation"], record["batch"], record["revision"]
            if key not in greatest or order >= greatest[key][0]:
                greatest[key] = order, record
    client.close()
    newest = max(order[0] for order, _ in greatest.values())
    return {key: record for key, (order, record) in greatest.items() if order[0] == newest}


def newest(settings: Settings, topic: str) -> int:
    """When the newest record of a topic of one partition was written, in milliseconds."""
    client = Consumer({"bootstrap.servers": settings.brokers, "group.id": "independent"})
    end = client.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)[1]
    client.assign([TopicPartition(topic, 0, end - 1)])
    message = client.poll(30)
    client.close()
    assert message is not None
    return int(message.timestamp()[1])


def written(kpi: Kpi, record: dict[str, Any] | None) -> str:
    """How a person writes the value of a record."""
    if kpi.has_amount:
        return f"{record['amount'] if record else Decimal(0):,.2f}"
    return f"{record['users' if kpi.has_users else 'count'] if record else 0:,}"


def values(page: Page, kpi: str) -> dict[int, list[str]]:
    """The table of a chart: minute to value and state."""
    card = page.locator(f'[data-kpi="{kpi}"]')
    card.wait_for()
    if not card.locator("details").get_attribute("open") is not None:
        card.locator("summary").click()
    expect(card.locator("tbody tr").first).to_be_visible()
    read = "rows => rows.map(row => [row.dataset.minute, ...[...row.cells].slice(1).map(cell => cell.textContent)])"
    return {int(minute): cells for minute, *cells in card.locator("tbody tr").evaluate_all(read)}


def ranking(page: Page, name: str) -> list[list[str]]:
    """The rows of a group: labels, then the number."""
    read = "rows => rows.map(row => [...row.cells].filter(cell => !cell.ariaHidden).map(cell => cell.textContent))"
    found: list[list[str]] = page.locator(f'[data-group="{name}"] tbody tr').evaluate_all(read)
    return found


def sums(records: Iterable[tuple[Sequence[str], Decimal]]) -> list[tuple[Sequence[str], Decimal]]:
    """Labels with the sum of their values, the largest first."""
    total: dict[Sequence[str], Decimal] = {}
    for labels, value in records:
        total[labels] = total.get(labels, Decimal(0)) + value
    return sorted(total.items(), key=lambda item: (-item[1], item[0]))
