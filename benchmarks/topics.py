"""The topics of a run of the processor: one raw topic that several runs read, and outputs of each run's own."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import NamedTuple

from confluent_kafka import KafkaException

from avrogate.kafka import admin, producer
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from producers.generator import Generator, Plan
from producers.run import produce
from schemas.catalog import Catalog, load_catalog
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics
from schemas.wire_format import PREFIX, prefix

# as `make run-pipeline` has it
SEED, SPAN, INVALID_SHARE = 1, 600, 0.005
START = 1_773_532_800
# ends the names of what a raw topic needs beside it for as long as it is filled
INPUT = "bench-input"


class Input(NamedTuple):
    """A raw topic, and how many events are on it."""

    topic: str
    events: int


def catalog_of(raw: str, suffix: str) -> Catalog:
    """The topics that a processor needs: `raw` under this name, its outputs with `-<suffix>` on theirs."""
    shipped = load_catalog()
    names = {shipped.stage_topic("raw"): raw}
    outputs = (
        shipped.stage_topic("enriched"),
        shipped.topic_of("pipeline", "dead-letter"),
        shipped.topic_of("pipeline", "user-profile"),
    )
    names |= {name: f"{name}-{suffix}" for name in outputs}
    topics = {names[name]: topic for name, topic in shipped.topics.items() if name in names}
    return Catalog.model_construct(compatibility=shipped.compatibility, topics=topics, folder=shipped.folder)


def fresh(settings: Settings) -> str:
    """A raw topic with nothing on it."""
    topic = f"bench-raw-{uuid.uuid4().hex[:8]}"
    prepare(settings, catalog_of(topic, INPUT))
    return topic


def prepare(settings: Settings, catalog: Catalog) -> None:
    """Create and register what is missing."""
    list(create_topics(catalog, settings))
    register_all(catalog, Registry(settings))


def generate(settings: Settings, events: int, invalid_share: float = INVALID_SHARE) -> Input:
    """A raw topic of generated events, some of them spoilt; the producer keeps a part of these from it."""
    topic = fresh(settings)
    plan = Plan(events=events, seed=SEED, start=START, span=SPAN, invalid_share=invalid_share)
    summary = produce(settings, Generator(plan), catalog=catalog_of(topic, INPUT))
    return Input(topic, sum(summary.sent.values()))


def copied(settings: Settings, source: Input, times: int) -> Input:
    """A raw topic with the events of another one, so often."""
    topic = fresh(settings)
    copy(settings, source, topic, times)
    return Input(topic, times * source.events)


def copy(settings: Settings, source: Input, target: str, times: int = 1) -> None:
    """Write the events of one raw topic to another, so often, all in one transaction: they are there at once."""
    registry = Registry(settings)
    old, new = _prefixes(registry, source.topic), _prefixes(registry, target)
    prefixes = {old[version]: new[version] for version in old}
    records = [
        (message.key(), prefixes[value[: PREFIX.size]] + value[PREFIX.size :])
        for message in read_to_end(settings, source.topic)
        if (value := message.value()) is not None
    ]
    client = producer(settings, transactional_id=f"copy-{target}", transaction_timeout_ms=600_000)
    client.init_transactions()
    client.begin_transaction()
    for _ in range(times):
        for key, value in records:
            while True:
                try:
                    client.produce(target, value, key)
                    break
                except BufferError:
                    client.poll(0.1)
    client.commit_transaction()


def _prefixes(registry: Registry, topic: str) -> dict[str, bytes]:
    """What the values of each version begin with: a schema that refers to others has an id for each topic."""
    catalog = catalog_of(topic, INPUT)
    versions = [version for event in catalog.topics[topic].events for version in catalog.of(topic, event)]
    return {str(version): prefix(registry.id_of(version)) for version in versions}


def drop(settings: Settings, *topics: str) -> None:
    """Delete topics; one that is not there is no trouble."""
    client = admin(settings)  # kept: the answers of a client that is gone never come
    for answer in client.delete_topics([*topics]).values():
        with suppress(KafkaException):
            answer.result(settings.request_timeout)
