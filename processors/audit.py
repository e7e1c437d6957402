"""The audit: every raw event that was processed has exactly one outcome, enriched or dead letter, and every dead
letter that was sent again is there again once.

Outcomes are matched with raw records by their source headers. Offsets are never counted by subtraction:
transaction markers take offsets too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from avrogate.kafka import require_topic
from avrogate.kafka_groups import committed_offsets
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from processors.dead_letters import DeadLetter, DeadLetters
from processors.provenance import source
from processors.replay.audit import ReplayAudit, Returned, compare
from processors.replay.records import Replays
from schemas.catalog import Catalog
from schemas.registry import Registry

# the fields of a dead letter that are looked at here
NEEDED = ("stage", "reason", "topic", "partition", "offset", "attempts", "time")


@dataclass
class PartitionAudit:
    """What became of one raw partition. `lost` and `twice` hold offsets; both are empty if all is well."""

    partition: int
    committed: int
    events: int = 0
    pending: int = 0
    enriched: int = 0
    dead_letters: int = 0
    lost: list[int] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Whether every processed event has exactly one outcome."""
        return not self.lost and not self.twice


@dataclass
class Audit:
    """The audit of a whole raw topic; `refused_by_producer` never reached it and is counted apart."""

    topic: str
    partitions: list[PartitionAudit]
    refused_by_producer: Counter[str] = field(default_factory=Counter)
    refused_by_processor: Counter[str] = field(default_factory=Counter)
    replays: ReplayAudit = field(default_factory=ReplayAudit)

    @property
    def adds_up(self) -> bool:
        """Whether it adds up in every partition, and among the replays."""
        return self.replays.adds_up and all(partition.adds_up for partition in self.partitions)

    def as_json(self) -> dict[str, Any]:
        """The audit for programs: the offsets of what is lost or twice included."""
        return {
            "topic": self.topic,
            "adds_up": self.adds_up,
            "partitions": [asdict(partition) for partition in self.partitions],
            "refused_by_processor": dict(self.refused_by_processor),
            "refused_by_producer": dict(self.refused_by_producer),
            "replays": self.replays.as_json(),
        }


@dataclass
class _Outcomes:
    """How often each offset of a partition came out: enriched, and as a dead letter."""

    enriched: Counter[int] = field(default_factory=Counter)
    dead_letters: Counter[int] = field(default_factory=Counter)


def audit(settings: Settings, catalog: Catalog, group: str) -> Audit:
    """Audit the raw topic against everything that was written before the call. Reads four topics, and waits for
    the transactions in them that are open.

    Committed offsets are taken first, so a processor and a replay may go on meanwhile. Memory: some 100 bytes per
    event. Raises ConfigError if a topic is missing, SchemaNotRegistered, BrokerUnavailable, RegistryUnavailable.
    """
    raw = catalog.stage_topic("raw")
    found = committed_offsets(settings, group, raw, require_topic(settings, raw))
    registry = Registry(settings)
    replays = Replays(settings, catalog, registry)
    committed = {partition: offset or 0 for partition, offset in found.items()}
    recorded = [*replays.read()]
    offsets: dict[int, list[int]] = {partition: [] for partition in committed}
    returned = Returned()
    for message in read_to_end(settings, raw):
        offsets[message.partition() or 0].append(message.offset() or 0)
        returned.add(message)
    result = Audit(raw, [])
    outcomes = {partition: _Outcomes() for partition in committed}
    for partition, offset in _enriched(settings, catalog.stage_topic("enriched"), raw):
        if partition in outcomes:
            outcomes[partition].enriched[offset] += 1
    letters = [*_letters(settings, catalog, registry)]
    for partition, offset in _dead_letters(letters, raw, result):
        if partition in outcomes:
            outcomes[partition].dead_letters[offset] += 1
    result.partitions = [
        _compare(partition, committed[partition], offsets[partition], outcomes[partition])
        for partition in sorted(committed)
    ]
    result.replays = compare(letters, recorded, returned.events, replays.read(), returned.horizon)
    return result


def _compare(partition: int, committed: int, offsets: list[int], outcomes: _Outcomes) -> PartitionAudit:
    result = PartitionAudit(partition, committed, events=len(offsets))
    for offset in offsets:
        if offset >= committed:
            result.pending += 1
            continue
        enriched, dead = outcomes.enriched[offset], outcomes.dead_letters[offset]
        result.enriched += enriched
        result.dead_letters += dead
        if enriched + dead == 0:
            result.lost.append(offset)
        elif enriched + dead > 1:
            result.twice.append(offset)
    return result


def _enriched(settings: Settings, topic: str, raw: str) -> Iterator[tuple[int, int]]:
    for message in read_to_end(settings, topic):
        origin = source(message)
        if origin is not None and origin.topic == raw:
            yield origin.partition, origin.offset


def _letters(settings: Settings, catalog: Catalog, registry: Registry) -> Iterator[DeadLetter]:
    """The dead letters without what makes them large."""
    for letter in DeadLetters(settings, catalog, registry).read():
        yield DeadLetter(letter.partition, letter.offset, {name: letter.record[name] for name in NEEDED})


def _dead_letters(letters: Iterable[DeadLetter], raw: str, result: Audit) -> Iterator[tuple[int, int]]:
    for letter in letters:
        if letter.record["stage"] == "producer":
            result.refused_by_producer[letter.record["reason"]] += 1
        elif letter.record["topic"] == raw:
            result.refused_by_processor[letter.record["reason"]] += 1
            yield letter.record["partition"], letter.record["offset"]
