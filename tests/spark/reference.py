"""Enriched events, and what they come to, in plain Python: what Spark's answers are compared with."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from confluent_kafka import Producer

from analytics.results import KpiRow
from avrogate.kafka import client_config
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.registry import Registry

COUNTRIES = ["Portugal", "United States", "Côte d’Ivoire", "Unknown", None]
PLATFORMS = ["IOS", "ANDROID", "ＷＥＢ"]
EVENTS = {"init": "init", "match": "match", "in_app_purchase": "in-app-purchase"}
Key = tuple[str, datetime, tuple[tuple[str, str], ...]]


def events(seed: int, number: int, start: int, span: int) -> list[dict[str, Any]]:
    """Records of all three events, in the order of their time; `start` and `span` in seconds."""
    source = random.Random(seed)
    times = sorted(source.randrange(start, start + span) for _ in range(number))
    return [_event(source, time * 1000) for time in times]


def init(user: str, time: int, country: str = "Portugal", platform: str = "IOS") -> dict[str, Any]:
    """One init; `time` in milliseconds."""
    return {
        "event_type": "init",
        "time": time,
        "user_id": user,
        "country": country,
        "country_code": "XX",
        "platform": platform,
    }


def purchase(user: str, time: int, value: str, country: str | None = None) -> dict[str, Any]:
    """One purchase; `time` in milliseconds."""
    return {
        "event_type": "in_app_purchase",
        "time": time,
        "purchase_value": Decimal(value),
        "user_id": user,
        "product_id": "p",
        "country": country,
        "platform": None,
    }


def _event(source: random.Random, time: int) -> dict[str, Any]:
    user, country = f"user-{source.randrange(60)}", source.choice(COUNTRIES)
    kind = source.random()
    if kind < 0.3:
        return init(user, time, country or "Unknown", source.choice(PLATFORMS))
    if kind < 0.6:
        value = source.choice(["0.10", "0.20", "0.70", "9999999999999999.99", "0.00"])
        return purchase(user, time, value, country)
    other = f"user-{source.randrange(60, 90)}"
    return {
        "event_type": "match",
        "time": time,
        "user_a": user,
        "user_b": other,
        "user_a_postmatch_info": _info(source),
        "user_b_postmatch_info": _info(source) if source.random() < 0.5 else None,
        "winner": user,
        "game_tier": 1,
        "duration": 60,
        "country": country,
    }


def _info(source: random.Random) -> dict[str, Any]:
    platform = source.choice(PLATFORMS)
    return {"coin_balance_after_match": 1, "level_after_match": 1, "device": "d", "platform": platform}


@dataclass(frozen=True)
class Writer:
    """Writes enriched events as the processor does: in transactions, with aborted ones in between."""

    settings: Settings
    catalog: Catalog

    @property
    def topic(self) -> str:
        return self.catalog.topic_of("enriched", "init")

    def write(self, records: Sequence[dict[str, Any]], spoil: bool = True) -> None:
        """Write the records; with `spoil`, write them in an aborted transaction before."""
        registry = Registry(self.settings)
        codecs = {name: _codec(self.catalog, registry, self.topic, event) for name, event in EVENTS.items()}
        values = [(user(record), codecs[record["event_type"]].write(record)) for record in records]
        if spoil:
            self.send(values, commit=False)
        self.send(values)

    def send(self, values: Iterable[tuple[str, bytes]], commit: bool = True) -> None:
        """Write keys and values in one transaction."""
        client = Producer(client_config(self.settings, transactional_id="test", partitioner="murmur2_random"))
        client.init_transactions(30)
        client.begin_transaction()
        for key, value in values:
            client.produce(self.topic, value, key.encode())
            client.poll(0)
        client.flush()
        (client.commit_transaction if commit else client.abort_transaction)(30)


def user(record: dict[str, Any]) -> str:
    """The user whose event it is."""
    return str(record.get("user_id") or record["user_a"])


def _codec(catalog: Catalog, registry: Registry, topic: str, event: str) -> Codec:
    version = catalog.newest(topic, event)
    return Codec(version, registry.id_of(version))


def minutes(records: Iterable[dict[str, Any]]) -> dict[Key, tuple[int, Decimal | None, int | None]]:
    """The shipped KPIs of these events: count, amount, distinct users by KPI, minute and dimensions."""
    counts: dict[Key, int] = defaultdict(int)
    amounts: dict[Key, Decimal] = defaultdict(Decimal)
    users: dict[Key, set[str]] = defaultdict(set)
    for record in records:
        minute = datetime.fromtimestamp(record["time"] // 60_000 * 60, UTC)
        country = (("country", record["country"] or "Unknown"),)
        seen = ("users", minute, ())
        counts[seen] += 1
        users[seen] |= {record[name] for name in ("user_id", "user_a", "user_b") if name in record}
        if record["event_type"] == "match":
            counts["matches", minute, ()] += 1
            counts["matches-by-country", minute, country] += 1
        if record["event_type"] == "in_app_purchase":
            counts["purchases", minute, ()] += 1
            for key in (("revenue", minute, ()), ("revenue-by-country", minute, country)):
                counts[key] += 1
                amounts[key] += record["purchase_value"]
    return {
        key: (count, amounts.get(key), len(users[key]) if key in users else None) for key, count in counts.items()
    }


def as_dict(rows: Iterable[KpiRow]) -> dict[Key, tuple[int, Decimal | None, int | None]]:
    """Rows in the shape of `minutes`."""
    return {(row.kpi, row.minute, row.dimensions): (row.count, row.amount, row.users) for row in rows}


def daily(
    records: Iterable[dict[str, Any]], activity: str
) -> tuple[dict[tuple[date, str, str], int], dict[date, int]]:
    """Distinct users by day, country and platform, and by day."""
    groups: dict[tuple[date, str, str], set[str]] = defaultdict(set)
    totals: dict[date, set[str]] = defaultdict(set)
    for record in records:
        day = datetime.fromtimestamp(record["time"] // 1000, UTC).date()
        for who, country, platform in _appearances(record, activity):
            groups[day, country or "Unknown", platform or "Unknown"].add(who)
            totals[day].add(who)
    return {key: len(who) for key, who in groups.items()}, {day: len(who) for day, who in totals.items()}


def _appearances(record: dict[str, Any], activity: str) -> list[tuple[str, str | None, str | None]]:
    if record["event_type"] == "init":
        return [(record["user_id"], record["country"], record["platform"])]
    if activity == "init":
        return []
    if record["event_type"] == "match":
        info = record["user_b_postmatch_info"]
        return [
            (record["user_a"], record["country"], record["user_a_postmatch_info"]["platform"]),
            (record["user_b"], None, info and info["platform"]),
        ]
    return [(record["user_id"], record["country"], record["platform"])]
