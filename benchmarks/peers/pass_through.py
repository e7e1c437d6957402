"""The limit: the same reading, headers, transactions and writing with nothing in between, the bytes as they come."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import Message, Producer

from benchmarks.peers.job import Job
from benchmarks.peers.loop import Work, origin, run


def prepared(job: Job) -> Work:
    """Copy every record."""
    raw, enriched = job.raw, job.enriched

    def work(messages: Sequence[Message], producer: Producer) -> None:
        for message in messages:
            producer.produce(enriched, message.value(), message.key(), headers=origin(raw, message))

    return work


if __name__ == "__main__":
    run(prepared)
