"""Which schemas a topic's records were written with, and the newest one, with which they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from avrogate.errors import ConfigError, ContractError
from avrogate.kafka import consumer, offsets, require_topic
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.decoder import written_out
from schemas.registry import Registry
from schemas.versions import SchemaVersion


@dataclass(frozen=True)
class Writer:
    """A registered schema, references written out, and the short record name of its event."""

    event: str
    schema_id: int
    schema: dict[str, Any]


@dataclass(frozen=True)
class TopicSchemas:
    """A topic's writer schemas by id, and its reader schemas by the record's short name (`InAppPurchase`)."""

    topic: str
    readers: Mapping[str, SchemaVersion]
    writers: Mapping[int, Writer]

    def learn(self, registry: Registry, schema_id: int) -> TopicSchemas:
        """The same with one more writer schema, from the registry.

        Raises ContractError if the registry has no such id, or it is no event of this topic: such a record
        can never be read.
        """
        found = registry.text(schema_id)
        if found is None:
            raise ContractError(
                f"topic {self.topic} holds a record with schema id {schema_id}, which {registry.url} does not know",
                hint="is this the registry that its producers use?",
            )
        schema = written_out(registry, found)
        record = f"{schema.get('namespace')}.{schema.get('name')}"
        event = next((name for name, version in self.readers.items() if version.record == record), None)
        if event is None:
            raise ContractError(
                f"topic {self.topic} holds a record of {record} (schema id {schema_id}): no event of it"
            )
        return replace(self, writers={**self.writers, schema_id: Writer(event, schema_id, schema)})


def prepare(settings: Settings, catalog: Catalog, *, not_empty: bool = False) -> TopicSchemas:
    """What reading the enriched events needs, checked in the order in which it would fail later, without Spark.

    Raises BrokerUnavailable, ConfigError (no such topic; no record in it, if `not_empty` is asked for),
    RegistryUnavailable, SchemaNotRegistered.
    """
    topic = catalog.stage_topic("enriched")
    partitions = require_topic(settings, topic)
    if not_empty and not any(low < high for low, high in bounds(settings, topic, partitions).values()):
        raise ConfigError(f"topic {topic} is empty", hint="run `avrogate produce`, then `avrogate process`")
    return topic_schemas(catalog, Registry(settings), topic)


def bounds(settings: Settings, topic: str, partitions: int) -> dict[int, tuple[int, int]]:
    """First and next offset of each partition, as read_committed readers see them. Raises BrokerUnavailable."""
    client = consumer(settings, "avrogate-analytics")
    try:
        return {number: offsets(settings, client, topic, number) for number in range(partitions)}
    finally:
        client.close()


def topic_schemas(catalog: Catalog, registry: Registry, topic: str) -> TopicSchemas:
    """Every version of the topic's events: those of the catalog, and later ones that only the registry has.

    Raises SchemaNotRegistered if one of the catalog's is not in the registry.
    """
    schemas = TopicSchemas(topic, {}, {})
    for event in catalog.topics[topic].events:
        newest = catalog.newest(topic, event)
        name = newest.short_name
        ours = {registry.id_of(version): version for version in catalog.of(topic, event)}
        writers = {number: Writer(name, number, version.resolved) for number, version in ours.items()}
        schemas = TopicSchemas(topic, {**schemas.readers, name: newest}, {**schemas.writers, **writers})
        for number in registry.ids(newest.subject):
            if number not in ours:
                schemas = schemas.learn(registry, number)
    return schemas
