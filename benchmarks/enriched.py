"""Enriched events as the processor writes them, for the benchmarks that read them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import cycle, islice
from typing import Any
from zlib import crc32

from avrogate.kafka_limits import limits
from avrogate.kafka_transactions import TransactionalProducer
from avrogate.settings import Settings
from benchmarks.restore import COUNTRIES, PLATFORMS
from processors.outlets import Outlets
from schemas.catalog import Catalog, load_catalog
from schemas.codec import Codec
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

BATCH = 10_000
# so many different events, written over and over: making a million of them in Python takes longer than all rounds
DISTINCT = 20_000
USERS = 5_000
SPAN_MS = 30 * 60_000
START_MS = 1_773_532_800_000
Keyed = tuple[bytes, bytes]


def prepared(settings: Settings) -> Catalog:
    """The catalog with names of its own, and its topics and schemas."""
    catalog = load_catalog().suffixed(uuid.uuid4().hex[:8])
    list(create_topics(catalog, settings))
    list(register_all(catalog, Registry(settings)))
    return catalog


def distinct(
    catalog: Catalog, registry: Registry, number: int, start: int = START_MS, span: int = SPAN_MS
) -> Iterator[Keyed]:
    """Keys and framed values of `number` different events: a third of each kind, in the order of their time.

    They happen from `start` on, over `span` milliseconds; the same call gives the same events.
    """
    topic = catalog.stage_topic("enriched")
    codecs = {}
    for event in catalog.topics[topic].events:
        version = catalog.newest(topic, event)
        codecs[version.short_name] = Codec(version, registry.id_of(version))
    return ((user.encode(), codecs[name].write(record)) for name, user, record in _records(number, start, span))


def repeated(catalog: Catalog, registry: Registry, number: int) -> Iterator[Keyed]:
    """So many events, `DISTINCT` of them different."""
    return islice(cycle(distinct(catalog, registry, DISTINCT)), number)


def write(settings: Settings, catalog: Catalog, events: Iterable[Keyed]) -> None:
    """Write events in transactions of 10,000, with the headers that the processor adds."""
    outlets, topic = Outlets(catalog, Registry(settings)), catalog.stage_topic("enriched")
    client = TransactionalProducer(settings, uuid.uuid4().hex, limits=limits(settings, outlets.outputs))
    remaining, offset = iter(events), 0
    while batch := list(islice(remaining, BATCH)):
        client.begin()
        for number, (key, value) in enumerate(batch, offset):
            origin = [
                ("source-topic", outlets.raw.encode()),
                ("source-partition", b"0"),
                ("source-offset", str(number).encode()),
            ]
            client.send(topic, key, value, origin, crc32(key) % catalog.topics[topic].partitions)
        client.commit()
        offset += len(batch)


def _records(number: int, start: int, span: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    chance = random.Random(8)
    for position in range(number):
        time, user = start + position * span // number, f"user-{chance.randrange(USERS):08}"
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
