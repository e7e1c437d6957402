"""What a producer does after a transaction that was aborted, on a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from avrogate.kafka_limits import limits
from avrogate.kafka_reading import read_to_end
from avrogate.kafka_transactions import BatchAborted, TransactionalProducer

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack


def test_the_next_transaction_has_a_producer_of_a_new_epoch(platform: Platform) -> None:
    topic = platform.catalog.stage_topic("raw")
    client = TransactionalProducer(platform.settings, "epochs", limits=limits(platform.settings, [topic]))
    first = client._producer
    for value in (b"one", b"two"):
        client.begin()
        client.send(topic, b"ann", value)
        client.commit()
    assert client._producer is first

    client.begin()
    client.send(topic, b"ann", b"of the aborted one")
    client.flush()
    with pytest.raises(BatchAborted):
        client.send(topic, b"ann", b"x" * 3_000_000)
    assert client._producer is not first
    client.begin()
    assert client.restarts == 0
    client.send(topic, b"ann", b"three")
    client.commit()
    assert [message.value() for message in read_to_end(platform.settings, topic)] == [b"one", b"two", b"three"]
