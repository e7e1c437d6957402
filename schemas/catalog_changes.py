"""What a catalog promised in an earlier revision and no longer keeps: keys, partitions, the compatibility level."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from schemas.catalog import Catalog
from schemas.compatibility import Finding

KEEP_KEY = "keep the key: events of one user would lie in two partitions; another key is a new topic"
KEEP_PARTITIONS = "keep the number: events of one user would lie in two partitions; another number is a new topic"
KEEP_LEVEL = "keep the level: readers rely on it for every version that there is"
READS = {"BACKWARD_TRANSITIVE": {"old"}, "FORWARD_TRANSITIVE": {"new"}, "FULL_TRANSITIVE": {"old", "new"}}


def catalog_changes(catalog: Catalog, text: bytes, revision: str) -> Iterator[Finding]:
    """Compare a catalog with the text of an earlier one, as far as that can be read."""
    try:
        before = json.loads(json.dumps(yaml.safe_load(text) or {}))
    except (yaml.YAMLError, TypeError):
        return
    if not isinstance(before, dict):
        return
    yield from _level(catalog, before.get("compatibility"), revision)
    topics = before.get("topics")
    for name, topic in (topics if isinstance(topics, dict) else {}).items():
        if name in catalog.topics and isinstance(topic, dict):
            yield from _partitions(catalog, name, topic.get("partitions"), revision)
            yield from _keys(catalog, name, topic.get("events"), revision)


def _level(catalog: Catalog, before: Any, revision: str) -> Iterator[Finding]:
    now = catalog.compatibility
    if READS.get(before, set()) - READS[now]:
        message = f"the level is {now} and was {before} in {revision}, which promised more"
        yield _finding("compatibility", "level-weakened", "/compatibility", message, KEEP_LEVEL)


def _partitions(catalog: Catalog, topic: str, before: Any, revision: str) -> Iterator[Finding]:
    now = catalog.topics[topic].partitions
    if before not in (None, now):
        message = f"{topic} has {now} partitions and had {before} in {revision}"
        yield _finding(topic, "partitions-changed", f"/topics/{topic}/partitions", message, KEEP_PARTITIONS)


def _keys(catalog: Catalog, topic: str, events: Any, revision: str) -> Iterator[Finding]:
    for event, entry in (events if isinstance(events, dict) else {}).items():
        before = entry.get("key") if isinstance(entry, dict) else None
        now = catalog.topics[topic].events.get(event)
        if before is not None and now is not None and now.key != before:
            message = f"the key of {event!r} on {topic} is {now.key!r} and was {before!r} in {revision}"
            pointer = f"/topics/{topic}/events/{event}/key"
            yield _finding(f"{topic}: {event}", "key-changed", pointer, message, KEEP_KEY)


def _finding(subject: str, rule: str, pointer: str, message: str, advice: str) -> Finding:
    return Finding(subject, "", "catalog.yaml", rule, pointer, message, advice)
