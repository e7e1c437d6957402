"""Which schemas a topic's records were written with, and the newest one, with which they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from avrogate.errors import ConfigError, WireFormatError
from avrogate.home import home_folder
from avrogate.kafka import consumer, offsets, require_topic
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.decoder import full_name, written_out
from schemas.registry import Registry
from schemas.trust import require_kept
from schemas.versions import SchemaVersion


@dataclass(frozen=True)
class Writer:
    """A registered schema, references written out, and the short record name of its event."""

    event: str
    schema_id: int
    schema: dict[str, Any]


@dataclass(frozen=True)
class TopicSchemas:
    """A topic's writer schemas by id, and its reader schemas by the record's short name (`InAppPurchase`).

    `refused` says of schema ids that are no event of this topic why (a reason code of WireFormatError).
    """

    topic: str
    readers: Mapping[str, SchemaVersion]
    writers: Mapping[int, Writer]
    refused: Mapping[int, str] = field(default_factory=dict)

    def learn(self, registry: Registry, schema_id: int) -> TopicSchemas:
        """The same with one more writer schema, from the registry.

        Raises WireFormatError (`unknown-schema`, `unexpected-schema`) if the registry has no such id, or it is no
        event of this topic: such a record can never be read. RegistryUnavailable also from a registry that has
        lost its store: it would say so of every id.
        """
        found = registry.text(schema_id)
        if found is None:
            self._distrust(registry)
            # once more: the first answer may be from before its store came back, the proof from after
            found = registry.text_now(schema_id)
        if found is None:
            raise WireFormatError(
                f"topic {self.topic} holds a record with schema id {schema_id}, which {registry.url} does not know",
                reason="unknown-schema",
                schema_id=schema_id,
                hint="is this the registry that its producers use?",
            )
        record = full_name(found.text)
        event = next((name for name, version in self.readers.items() if version.record == record), None)
        if event is None:
            raise WireFormatError(
                f"topic {self.topic} holds a record of {record} (schema id {schema_id}): no event of it",
                reason="unexpected-schema",
                schema_id=schema_id,
            )
        writer = Writer(event, schema_id, written_out(registry, found))
        return replace(self, writers={**self.writers, schema_id: writer})

    def without(self, refused: Mapping[int, str]) -> TopicSchemas:
        """The same, with ids that are skipped; those that are an event of this topic by now are read."""
        more = {number: reason for number, reason in refused.items() if number not in self.writers}
        return replace(self, refused={**self.refused, **more})

    def _distrust(self, registry: Registry) -> None:
        for reader in self.readers.values():
            for number, writer in self.writers.items():
                if writer.schema == reader.resolved:
                    return require_kept(registry, number, reader)
        return None


def prepare(
    settings: Settings, catalog: Catalog, *, stage: str = "enriched", not_empty: bool = False
) -> TopicSchemas:
    """What reading the events of a stage needs, checked in the order in which it would fail later, without Spark.

    Raises ConfigError (a home that cannot be used; no such topic; no record in it, if `not_empty` is asked for),
    BrokerUnavailable, RegistryUnavailable, SchemaNotRegistered.
    """
    home_folder(settings, "logs")  # checkpoints may be in that home, too
    topic = catalog.stage_topic(stage)
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


def topic_schemas(
    catalog: Catalog, registry: Registry, topic: str, pinned: Mapping[str, int] | None = None
) -> TopicSchemas:
    """Every version of the topic's events: those of the catalog, and later ones that only the registry has.

    They are read as the newest version of the catalog, or as the one that `pinned` names by the event.
    Raises SchemaNotRegistered if one of the catalog's is not in the registry, ConfigError for a pinned version
    that there is not.
    """
    schemas, pinned = TopicSchemas(topic, {}, {}), pinned or {}
    for event in pinned.keys() - catalog.topics[topic].events.keys():
        raise ConfigError(
            f"topic {topic} has no event {event!r}", hint=f"it has {', '.join(catalog.topics[topic].events)}"
        )
    for event in catalog.topics[topic].events:
        reader = _reader(catalog, topic, event, pinned.get(event))
        name = reader.short_name
        ours = {registry.id_of(version): version for version in catalog.of(topic, event)}
        writers = {number: Writer(name, number, version.resolved) for number, version in ours.items()}
        schemas = TopicSchemas(topic, {**schemas.readers, name: reader}, {**schemas.writers, **writers})
        for number in registry.ids(reader.subject):
            if number not in ours:
                schemas = schemas.learn(registry, number)
    return schemas


def _reader(catalog: Catalog, topic: str, event: str, number: int | None) -> SchemaVersion:
    versions = catalog.of(topic, event)
    found = next((one for one in versions if one.number == (number or versions[-1].number)), None)
    if found is None:
        raise ConfigError(f"{event} of {topic} has no version {number}", hint=f"it has {len(versions)}")
    return found
