"""What a contender is told, and the options that all of them give to Kafka's client.

Python's standard library alone: a peer runs with what is installed for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# as Avrogate's processor has them
BATCH, POLL = 10_000, 0.2
CONSUMER: Mapping[str, Any] = {
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "auto.offset.reset": "earliest",
    "partition.assignment.strategy": "cooperative-sticky",
    "fetch.wait.max.ms": 100,
}
PRODUCER: Mapping[str, Any] = {
    "enable.idempotence": True,
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    "linger.ms": 5,
    "batch.num.messages": 20_000,
    "batch.size": 1_000_000,
    "queue.buffering.max.messages": 1_000_000,
    "transaction.timeout.ms": 60_000,
}


@dataclass(frozen=True)
class Job:
    """One contender's run: process `events` records of `raw` into the three output topics as `group`.

    `client` is what every client needs to reach the broker. `suffix` ends the names of the output topics.
    `schemas` has by topic the registered schemas, each with its id, its record's short name and its Avro schema.
    """

    client: dict[str, Any]
    registry: str
    group: str
    suffix: str
    raw: str
    enriched: str
    dead_letters: str
    profiles: str
    events: int
    schemas: dict[str, list[dict[str, Any]]]

    def text(self) -> str:
        """The job in one line."""
        return json.dumps(asdict(self))

    @staticmethod
    def read(text: str) -> Job:
        """A job from its text."""
        return Job(**json.loads(text))

    def consumer(self) -> dict[str, Any]:
        """Options of its consumer."""
        return {**self.client, **CONSUMER, "group.id": self.group}

    def producer(self) -> dict[str, Any]:
        """Options of its producer."""
        return {**self.client, **PRODUCER, "transactional.id": self.group}

    def newest(self, topic: str) -> dict[str, tuple[int, dict[str, Any]]]:
        """Id and Avro schema of the newest version of each record of a topic, by its short name."""
        return {one["record"]: (one["id"], one["avro"]) for one in self.schemas[topic]}
