"""Which schema id is which version: what it takes to read a raw event and to write its enriched twin."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from avrogate.errors import NewerSchema, WireFormatError
from processors.engine import Step, compile_rules
from processors.rules import Rule
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.decoder import full_name
from schemas.names import subject
from schemas.registry import RegisteredText, Registry
from schemas.trust import require_kept
from schemas.versions import SchemaVersion

# seconds for which "this is no raw event" is remembered, so that garbage does not become a storm of look-ups
REMEMBER_UNKNOWN = 10.0
# and for how many ids: garbage can have any
REMEMBERED = 10_000
# a registry's ids are signed; asked for a greater one, it may find fault with the question
GREATEST = 2**31 - 1


@dataclass(frozen=True)
class Reader:
    """One raw version: how to read it, judge it, and write it in the enriched schema of the same version."""

    raw: Codec
    enriched: Codec
    quality: tuple[Rule, ...]
    rules: Step
    user_field: str
    from_profile: dict[str, str]
    sets_profile: dict[str, str]

    @cached_property
    def added(self) -> tuple[str, ...]:
        """The fields that only the enriched record has."""
        raw = {field["name"] for field in self.raw.version.avro["fields"]}
        return tuple(field["name"] for field in self.enriched.version.avro["fields"] if field["name"] not in raw)


class Readers:
    """The readers of every raw version of the catalog, by the id under which the registry has it.

    Raises SchemaNotRegistered at construction if a schema of the catalog is not registered.
    """

    def __init__(
        self,
        catalog: Catalog,
        registry: Registry,
        rules: tuple[Rule, ...],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topic = catalog.stage_topic("raw")
        self._registry = registry
        self._clock = clock
        self._known = {reader.raw.schema_id: reader for reader in _readers(catalog, registry, rules)}
        self._records = {reader.raw.version.record for reader in self._known.values()}
        self._parts = {
            one.record for name in catalog.topics[self._topic].types for one in catalog.of(self._topic, name)
        }
        self._never: dict[int, tuple[float, WireFormatError]] = {}

    @property
    def known(self) -> Mapping[int, Reader]:
        """The readers of all versions of the catalog, by schema id."""
        return self._known

    def reader(self, schema_id: int) -> Reader:
        """The reader of a record's schema id.

        Raises WireFormatError (`unknown-schema`, `unexpected-schema`) if the record can never be read as a
        raw event, NewerSchema if a newer installation can, RegistryUnavailable.
        """
        found = self._known.get(schema_id)
        if found is not None:
            return found
        until, never = self._never.get(schema_id, (0.0, None))
        if never is None or self._clock() >= until:
            never = self._look_up(schema_id)
            self._never.pop(schema_id, None)
            self._never[schema_id] = self._clock() + REMEMBER_UNKNOWN, never
            if len(self._never) > REMEMBERED:
                del self._never[next(iter(self._never))]  # the oldest
        raise WireFormatError(never.message, reason=never.reason, schema_id=schema_id)

    def _look_up(self, schema_id: int) -> WireFormatError:
        text = self._registry.text(schema_id) if schema_id <= GREATEST else None
        if text is not None:
            return self._not_ours(schema_id, text)
        self._distrust()
        if schema_id <= GREATEST and (text := self._registry.text_now(schema_id)) is not None:
            return self._not_ours(schema_id, text)  # its store came back between the two questions
        message = f"the registry has no schema with id {schema_id}"
        return WireFormatError(message, reason="unknown-schema", schema_id=schema_id)

    def _distrust(self) -> None:
        """Believe a "no" only from a registry that still has the oldest and the newest of what we know it had."""
        for schema_id in {min(self._known), max(self._known)}:
            require_kept(self._registry, schema_id, self._known[schema_id].raw.version)

    def _not_ours(self, schema_id: int, text: RegisteredText) -> WireFormatError:
        record = full_name(text.text)
        ours = record not in self._parts and schema_id in self._registry.ids(subject(self._topic, record))
        if ours and record in self._records:
            raise NewerSchema(
                f"schema id {schema_id} is a version of {record} that this installation does not know",
                hint="update Avrogate; the processor waits meanwhile",
            )
        if ours:
            raise NewerSchema(
                f"schema id {schema_id} is {record}, an event of {self._topic} that this installation does not know",
                hint="update Avrogate, or delete its subject if it was retired; the processor waits meanwhile",
            )
        self._distrust()
        message = f"schema id {schema_id} is {record}, which is no raw event"
        return WireFormatError(message, reason="unexpected-schema", schema_id=schema_id)


def _readers(catalog: Catalog, registry: Registry, rules: tuple[Rule, ...]) -> list[Reader]:
    raw_topic = catalog.stage_topic("raw")
    readers = []
    for event, entry in catalog.topics[raw_topic].events.items():
        for raw in catalog.of(raw_topic, event):
            enriched = catalog.of(catalog.topic_of("enriched", event), event)[raw.number - 1]
            readers.append(_reader(registry, rules, raw, enriched, entry.key))
    return readers


def _reader(
    registry: Registry, rules: tuple[Rule, ...], raw: SchemaVersion, enriched: SchemaVersion, key: str
) -> Reader:
    raw_codec = Codec(raw, registry.id_of(raw))
    return Reader(
        raw=raw_codec,
        enriched=Codec(enriched, registry.id_of(enriched)),
        quality=rules,
        rules=compile_rules(rules, raw_codec.contract),
        user_field=next(field["name"] for field in raw.avro["fields"] if field["json-name"] == key),
        from_profile=_annotated(enriched, "from-profile"),
        sets_profile=_annotated(enriched, "sets-profile"),
    )


def _annotated(version: SchemaVersion, key: str) -> dict[str, str]:
    return {field["name"]: field[key] for field in version.avro["fields"] if key in field}
