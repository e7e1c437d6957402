"""The schemas of a topic: ours, later ones that only the registry has, and ids that are no event of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from analytics.writers import topic_schemas
from avrogate.errors import ConfigError, RegistryUnavailable, SchemaNotRegistered, WireFormatError
from schemas.catalog import Catalog
from schemas.registry import RegisteredText, RegistryReference

TOPIC = "events-enriched"


@dataclass
class Foreign:
    """What a memory registry has, and more: ids of versions that were registered by somebody else."""

    registry: Any
    added: dict[int, RegisteredText] = field(default_factory=dict)
    subject: str = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.registry, name)

    def text(self, schema_id: int) -> RegisteredText | None:
        return self.added.get(schema_id) or self.registry.text(schema_id)

    def ids(self, subject: str) -> list[int]:
        return list(self.added) if subject == self.subject else []


def with_field(version: Any, name: str = "extra") -> str:
    schema = dict(version.avro)
    extra = {"name": name, "type": ["null", "string"], "default": None, "json-name": name}
    return json.dumps({**schema, "fields": [*schema["fields"], extra]})


def test_all_events_of_the_topic_with_references_written_out(catalog: Catalog, registered: Any) -> None:
    schemas = topic_schemas(catalog, Foreign(registered), TOPIC)  # type: ignore[arg-type]
    assert list(schemas.readers) == ["Init", "Match", "InAppPurchase"]
    assert sorted(writer.event for writer in schemas.writers.values()) == ["InAppPurchase", "Init", "Match"]
    match = next(writer for writer in schemas.writers.values() if writer.event == "Match")
    assert '"name": "PostMatchInfo"' in json.dumps(match.schema)


def test_a_version_that_only_the_registry_has_is_known_from_the_start(catalog: Catalog, registered: Any) -> None:
    match = catalog.newest(TOPIC, "match")
    info = catalog.newest(TOPIC, "post-match-info")
    text = RegisteredText(with_field(match), (RegistryReference(info.record, info.subject, 1),))
    schemas = topic_schemas(catalog, Foreign(registered, {900: text}, match.subject), TOPIC)  # type: ignore[arg-type]
    assert schemas.writers[900].event == "Match"
    assert "extra" in [one["name"] for one in schemas.writers[900].schema["fields"]]
    assert '"name": "PostMatchInfo"' in json.dumps(schemas.writers[900].schema)


def test_what_is_not_registered_says_so(catalog: Catalog, memory_registry: Any) -> None:
    with pytest.raises(SchemaNotRegistered):
        topic_schemas(catalog, Foreign(memory_registry), TOPIC)  # type: ignore[arg-type]


def test_an_id_that_nobody_knows_and_one_of_another_topic(catalog: Catalog, registered: Any) -> None:
    registry: Any = Foreign(registered)
    schemas = topic_schemas(catalog, registry, TOPIC)
    with pytest.raises(
        WireFormatError, match=r"schema id 4711, which http://registry\.invalid does not know"
    ) as caught:
        schemas.learn(registry, 4711)
    assert (caught.value.reason, caught.value.schema_id) == ("unknown-schema", 4711)
    other = registered.id_of(catalog.newest("events-raw", "init"))
    with pytest.raises(WireFormatError, match=rf"record of games\.events\.raw\.Init \(schema id {other}\)"):
        schemas.learn(registry, other)
    registry.added = {77: RegisteredText('"string"', ())}
    with pytest.raises(WireFormatError, match=r"record of string \(schema id 77\): no event of it"):
        schemas.learn(registry, 77)


@pytest.mark.parametrize("instead", [None, RegisteredText('{"type": "record", "name": "Other", "fields": []}', ())])
def test_a_registry_that_lost_its_store_is_not_believed(
    catalog: Catalog, registered: Any, instead: RegisteredText | None
) -> None:
    registry: Any = Foreign(registered)
    schemas = topic_schemas(catalog, registry, TOPIC)
    registry.text_now = lambda schema_id: instead
    with pytest.raises(RegistryUnavailable, match="no longer has"):
        schemas.learn(registry, 4711)


def test_a_store_that_comes_back_between_answer_and_proof(catalog: Catalog, registered: Any) -> None:
    registry: Any = Foreign(registered)
    schemas = topic_schemas(catalog, registry, TOPIC)
    purchase = catalog.newest(TOPIC, "in-app-purchase")
    later = RegisteredText(with_field(purchase), ())
    registry.text_now = lambda schema_id: later if schema_id == 900 else registered.text(schema_id)
    assert schemas.learn(registry, 900).writers[900].event == "InAppPurchase"


def test_an_id_that_is_an_event_by_now_is_not_skipped(catalog: Catalog, registered: Any) -> None:
    schemas = topic_schemas(catalog, Foreign(registered), TOPIC)  # type: ignore[arg-type]
    known = next(iter(schemas.writers))
    skipped = schemas.without({known: "unknown-schema", 4711: "unknown-schema"})
    assert skipped.refused == {4711: "unknown-schema"}
    assert skipped.writers == schemas.writers


def test_a_pinned_reader(catalog: Catalog, registered: Any) -> None:
    schemas = topic_schemas(catalog, Foreign(registered), TOPIC, {"init": 1})  # type: ignore[arg-type]
    assert schemas.readers["Init"].number == 1
    with pytest.raises(ConfigError, match="init of events-enriched has no version 9"):
        topic_schemas(catalog, Foreign(registered), TOPIC, {"init": 9})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no event 'inti'"):
        topic_schemas(catalog, Foreign(registered), TOPIC, {"inti": 1})  # type: ignore[arg-type]
