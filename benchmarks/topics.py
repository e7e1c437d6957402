"""The topics of a run of the processor: one raw topic that several runs read, and outputs of each run's own."""

from __future__ import annotations

from contextlib import suppress

from confluent_kafka import KafkaException

from avrogate.kafka import admin, consumer, offsets, producer
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


def prepare(settings: Settings, catalog: Catalog) -> None:
    """Create and register what is missing."""
    list(create_topics(catalog, settings))
    register_all(catalog, Registry(settings))


def generate(settings: Settings, name: str, events: int, invalid_share: float = INVALID_SHARE) -> int:
    """Fill a raw topic with generated events, some of them invalid; how many the producer let pass."""
    catalog = catalog_of(name, f"{name}-input")
    prepare(settings, catalog)
    plan = Plan(events=events, seed=SEED, start=START, span=SPAN, invalid_share=invalid_share)
    produce(settings, Generator(plan), catalog=catalog)
    return count(settings, name)


def copy(settings: Settings, source: str, target: str, times: int = 1) -> None:
    """Write the events of one raw topic to another, so often, all in one transaction: they are there at once."""
    catalog = catalog_of(target, f"{target}-input")
    prepare(settings, catalog)
    registry = Registry(settings)
    old, new = _prefixes(registry, catalog_of(source, source), source), _prefixes(registry, catalog, target)
    prefixes = {old[version]: new[version] for version in old}
    records = [
        (message.key(), prefixes[value[: PREFIX.size]] + value[PREFIX.size :])
        for message in read_to_end(settings, source)
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


def _prefixes(registry: Registry, catalog: Catalog, topic: str) -> dict[str, bytes]:
    """What the values of each version begin with: a schema that refers to others has an id for each topic."""
    versions = [version for event in catalog.topics[topic].events for version in catalog.of(topic, event)]
    return {str(version): prefix(registry.id_of(version)) for version in versions}


def count(settings: Settings, topic: str) -> int:
    """How many offsets a topic has; its records, if none was written in a transaction."""
    client, parts = consumer(settings, "bench-count"), range(catalog_of(topic, topic).topics[topic].partitions)
    try:
        bounds = [offsets(settings, client, topic, partition) for partition in parts]
    finally:
        client.close()
    return sum(end - begin for begin, end in bounds)


def drop(settings: Settings, *topics: str) -> None:
    """Delete topics; one that is not there is no trouble."""
    for answer in admin(settings).delete_topics([*topics]).values():
        with suppress(KafkaException):
            answer.result()
