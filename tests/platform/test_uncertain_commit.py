"""A producer that is lost while it commits: the broker has the commit, and the processor is told that it failed."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaError

from avrogate.kafka_transactions import BatchAborted, TransactionalProducer
from processors.audit import audit
from processors.run import GROUP, process
from producers.generator import Generator, Plan
from producers.run import produce

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack


def test_what_was_committed_is_looked_up(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(events=500, seed=1, start=int(time.time()) - 600, span=600)
    produce(platform.settings, Generator(plan), catalog=platform.catalog)
    commit, told = TransactionalProducer.commit, 0

    def lost_afterwards(producer: TransactionalProducer) -> None:
        nonlocal told
        commit(producer)
        told += 1
        if told == 1:
            raise BatchAborted("lost", KafkaError._FATAL, uncertain=True)

    monkeypatch.setattr(TransactionalProducer, "commit", lost_afterwards)
    process(platform.settings, Event(), until_idle=0.5, catalog=platform.catalog)
    produce(platform.settings, Generator(plan), catalog=platform.catalog)
    process(platform.settings, Event(), until_idle=0.5, catalog=platform.catalog)
    result = audit(platform.settings, platform.catalog, GROUP)
    assert told > 1
    assert result.adds_up
    assert sum(part.enriched + part.dead_letters for part in result.partitions) == 1000
