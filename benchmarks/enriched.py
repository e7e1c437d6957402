"""Enriched events as the processor writes them, for the benchmarks that read them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from avrogate.kafka_limits import limits
from avrogate.kafka_transactions import TransactionalProducer
from avrogate.settings import Settings
from benchmarks.restore import COUNTRIES, PLATFORMS
from processors.outlets import Outlets
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.registry import Registry

BATCH = 10_000
# so many different events, written over and over: making a million of them in Python takes longer than all rounds
DISTINCT = 20_000
USERS = 5_000
SPAN_MS = 30 * 60_000
START_MS = 1_773_532_800_000


def distinct(catalog: Catalog, registry: Registry, number: int = DISTINCT) -> list[tuple[bytes, bytes]]:
    """Keys and framed values of `number` different events: a third of each kind, in the order of their time."""
    topic = catalog.stage_topic("enriched")
    codecs = {}
    for event in catalog.topics[topic].events:
        version = catalog.newest(topic, event)
        codecs[version.short_name] = Codec(version, registry.id_of(version))
    return [(user.encode(), codecs[name].write(record)) for name, user, record in _records(number)]


def write(settings: Settings, catalog: Catalog, number: int) -> None:
    """Write so many events in transactions of 10,000, with the headers that the processor adds."""
    registry = Registry(settings)
    events, topic = distinct(catalog, registry), catalog.stage_topic("enriched")
    outlets = Outlets(catalog, registry)
    client = TransactionalProducer(settings, uuid.uuid4().hex, limits=limits(settings, outlets.outputs))
    for first in range(0, number, BATCH):
        client.begin()
        for position in range(first, min(first + BATCH, number)):
            key, value = events[position % len(events)]
            origin = [
                ("source-topic", outlets.raw.encode()),
                ("source-partition", b"0"),
                ("source-offset", str(position).encode()),
            ]
            client.send(topic, key, value, origin, hash(key) % catalog.topics[topic].partitions)
        client.commit()


def _records(number: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    chance = random.Random(8)
    for position in range(number):
        time, user = START_MS + position * SPAN_MS // number, f"user-{chance.randrange(USERS):08}"
        country, platform = chance.choice(COUNTRIES), chance.choice(PLATFORMS)
        known = {"time": time, "country": country, "platform": platform}
        yield (
            ("Init", user, {**known, "event_type": "init", "user_id": user, "country_code": "PT"}),
            ("InAppPurchase", user, {**known, **_purchase(chance, user)}),
            ("Match", user, {"time": time, "country": country, **_match(chance, user)}),
        )[position % 3]


def _purchase(chance: random.Random, user: str) -> dict[str, Any]:
    value = Decimal(chance.randrange(10, 10_000)) / 100
    product = f"product-{chance.randrange(50):03}"
    return {"event_type": "in_app_purchase", "purchase_value": value, "user_id": user, "product_id": product}


def _match(chance: random.Random, user: str) -> dict[str, Any]:
    other = f"user-{chance.randrange(USERS):08}"
    infos = [
        {
            "coin_balance_after_match": chance.randrange(10_000),
            "level_after_match": chance.randrange(100),
            "device": chance.choice(("iPhone 13", "Pixel 8", "Galaxy S24")),
            "platform": chance.choice(PLATFORMS),
        }
        for _ in range(2)
    ]
    return {
        "event_type": "match",
        "user_a": user,
        "user_b": other,
        "user_a_postmatch_info": infos[0],
        "user_b_postmatch_info": infos[1],
        "winner": chance.choice((user, other)),
        "game_tier": chance.randrange(1, 6),
        "duration": chance.randrange(30, 600),
    }
