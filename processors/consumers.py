"""What the processor and the tools beside it read: each declared next to its code, collected here."""

from __future__ import annotations

from collections.abc import Iterator

from processors import dead_letters, restore
from processors.replay import records
from processors.rules import Rule, ValueRule, shipped_rules
from schemas.catalog import Catalog
from schemas.consumers import Consumer
from schemas.field_types import type_at
from schemas.versions import SchemaVersion

NAME = "quality processor"
USER = "string | long"


def consumers(catalog: Catalog) -> tuple[Consumer, ...]:
    """The quality processor with each of its rules, the restore of its profiles, and the dead-letter tools."""
    rules = (_of_rule(rule, catalog) for rule in shipped_rules())
    return (_every_event(catalog), *rules, restore.CONSUMER, dead_letters.CONSUMER, records.CONSUMER)


def _every_event(catalog: Catalog) -> Consumer:
    """Whatever the event: the user, by whom it is ordered, and its time, by which profiles are."""
    reads = {}
    for version, key in _raw_events(catalog):
        reads[version.short_name] = {version.field_of(key) or key: USER, "time": "timestamp-millis"}
    return Consumer(NAME, "raw", reads)


def _of_rule(rule: Rule, catalog: Catalog) -> Consumer:
    """A rule goes for every event that has its fields; one that it ever went for must keep them.

    Otherwise a field that is gone would switch the rule off without a word.
    """
    nullable = " | null" if isinstance(rule, ValueRule) else ""  # the engine passes over what is not there
    reads: dict[str, dict[str, str]] = {}
    for version, _ in _raw_events(catalog):
        wanted = {path: f"{kind}{nullable}" for path, kind in _fields(rule, version)}
        reads.setdefault(version.short_name, {}).update(wanted)
    return Consumer(f"{NAME}, rule {rule.name}", "raw", reads)


def _fields(rule: Rule, version: SchemaVersion) -> Iterator[tuple[str, str]]:
    there = {path: kind for path, kind in rule.reads.items() if type_at(version.resolved, path) is not None}
    if isinstance(rule, ValueRule) or len(there) == len(rule.reads):
        yield from there.items()


def _raw_events(catalog: Catalog) -> Iterator[tuple[SchemaVersion, str]]:
    topic = catalog.stage_topic("raw")
    for event, entry in catalog.topics[topic].events.items():
        for version in catalog.of(topic, event):
            yield version, entry.key
