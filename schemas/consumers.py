"""Consumer-driven contracts: who reads which fields, and what a schema change would take away from whom.

Each consumer is declared next to its code. The check holds the newest version of a subject to all of them, as
that is what readers read with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from avrogate.errors import ConfigError
from schemas.catalog import Catalog
from schemas.compatibility import Finding
from schemas.field_types import branches, records_at, type_at
from schemas.versions import SchemaVersion

MISSING, OTHER_TYPE, NO_EVENT = "consumer-field-missing", "consumer-field-type", "consumer-event-missing"
KEEP = "keep it as it is; or first move its readers to another field, then mark this one as deprecated"


@dataclass(frozen=True)
class Consumer:
    """Somebody who reads a stage's events.

    `reads` is the types by field by record: `{"InAppPurchase": {"country": "string | null"}}`. Records go by their
    short name, fields by their dotted Avro path, types as `schemas.field_types` writes them. A type is a promise
    to cope with all of its alternatives: a field may have fewer, never others.
    """

    name: str
    stage: str
    reads: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Reading:
    """One field of a subject that a consumer reads, and the type that it copes with."""

    subject: str
    field: str
    type: str
    consumer: str


@dataclass(frozen=True)
class Broken:
    """What a subject no longer gives to those who read it."""

    subject: str
    version: str
    rule: str
    pointer: str
    message: str
    field: str = ""
    consumers: tuple[str, ...] = ()

    @property
    def finding(self) -> Finding:
        """As the check tells it when the comparison of versions says nothing of the field."""
        message = f"{self.message}; {_read_by(self.consumers)}"
        return Finding(self.subject, "", self.version, self.rule, self.pointer, message, KEEP)

    def is_told_by(self, finding: Finding) -> bool:
        """Whether a finding of the comparison of versions is about the same field, but for who reads it."""
        if self.rule == NO_EVENT:
            return finding.rule == "name-changed" and finding.subject.endswith(f".{self.subject}")
        if (finding.subject, finding.newer) != (self.subject, self.version):
            return False
        name = self.field.rpartition(".")[2]
        gone = finding.rule in ("field-removed", "field-renamed") and f"field {name!r} is " in finding.message
        return gone if self.rule == MISSING else finding.pointer.startswith(f"{self.pointer}/")


def newest_records(catalog: Catalog, stage: str) -> dict[str, SchemaVersion]:
    """The newest version of each event of a stage, by its record's short name."""
    return {
        version.short_name: version
        for name, topic in catalog.topics.items()
        if topic.stage == stage
        for event in topic.events
        for version in [catalog.newest(name, event)]
    }


def readings(catalog: Catalog, consumers: Iterable[Consumer]) -> Iterator[Reading]:
    """Everything that consumers read, by consumer; events that are not there are left out.

    A field of a shared record counts for the event that holds it, and for the record's own subject.
    """
    for consumer in consumers:
        records = newest_records(catalog, consumer.stage)
        for record, fields in consumer.reads.items():
            for path, kind in fields.items():
                if record in records:
                    yield Reading(records[record].subject, path, kind, consumer.name)
                    yield from _through(records[record], path, kind, consumer.name)


def readers_of(catalog: Catalog, consumers: Iterable[Consumer], wanted: str) -> list[Reading]:
    """Who reads a `SUBJECT` or a `SUBJECT.field`; a record's short name will do for the subject.

    A field stands for all that is nested in it. Raises ConfigError if there is no such subject or field.
    """
    subjects = {subject: versions[-1] for subject, versions in catalog.by_subject().items()}
    found = [
        (version, wanted.removeprefix(name).removeprefix("."))
        for version in subjects.values()
        for name in (version.subject, version.short_name)
        if wanted == name or wanted.startswith(f"{name}.")
    ]
    if not found:
        names = ", ".join(sorted({version.short_name for version in subjects.values()}))
        raise ConfigError(f"the catalog has no subject {wanted!r}", hint=f"SUBJECT, or one of {names}; then .FIELD")
    there = {(one.subject, field) for one, field in found if not field or type_at(one.resolved, field) is not None}
    if not there:
        version, field = found[0]
        fields = ", ".join(version.field_names)
        raise ConfigError(f"{version.subject} has no field {field!r}", hint=f"it has {fields}")
    return [
        reading
        for reading in readings(catalog, consumers)
        for subject, field in there
        if reading.subject == subject and (not field or f"{reading.field}.".startswith(f"{field}."))
    ]


def broken(catalog: Catalog, consumers: Iterable[Consumer]) -> list[Broken]:
    """What the newest versions no longer give as their consumers need it, one for each field."""
    who: dict[Broken, list[str]] = {}
    for consumer in consumers:
        for one in _broken(newest_records(catalog, consumer.stage), consumer):
            who.setdefault(one, []).append(consumer.name)
    return [replace(one, consumers=tuple(names)) for one, names in who.items()]


def with_readers(found: Iterable[Finding], broken: Iterable[Broken]) -> list[Finding]:
    """The comparison's findings with the readers of their fields, and those that only the consumers show."""
    findings = set(found)
    for one in broken:
        same = {finding for finding in findings if one.is_told_by(finding)}
        named = {replace(told, message=f"{told.message}; {_read_by(one.consumers)}") for told in same}
        findings = findings - same | (named or {one.finding})
    return sorted(findings)


def _read_by(consumers: tuple[str, ...]) -> str:
    return f"read by {', '.join(consumers)}"


def _through(version: SchemaVersion, path: str, kind: str, consumer: str) -> Iterator[Reading]:
    shared = {reference.name: reference.version.subject for reference in version.references}
    for name, rest in records_at(version.resolved, path).items():
        if name in shared:
            yield Reading(shared[name], rest, kind, consumer)


def _broken(records: Mapping[str, SchemaVersion], consumer: Consumer) -> Iterator[Broken]:
    for record, fields in consumer.reads.items():
        version = records.get(record)
        if version is None:
            message = f"no topic of the stage {consumer.stage} has this event"
            yield Broken(record, "catalog.yaml", NO_EVENT, "", message)
            continue
        for path, kind in fields.items():
            yield from _broken_field(version, path, kind)


def _broken_field(version: SchemaVersion, path: str, kind: str) -> Iterator[Broken]:
    now, number = type_at(version.resolved, path), f"v{version.number}"
    if now is None:
        yield Broken(version.subject, number, MISSING, "/fields", f"there is no field {path!r}", path)
    elif not now <= branches(kind):
        place = f"/fields/{version.field_names.index(path.partition('.')[0])}"
        message = f"field {path!r} is {' | '.join(sorted(now))}, not {kind}"
        yield Broken(version.subject, number, OTHER_TYPE, place, message, path)
