"""Looking at a topic as people read it: each record as a line of JSON, as it arrives."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from threading import Event
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Message, TopicPartition

from avrogate.errors import ConfigError, WireFormatError
from avrogate.kafka import consumer, require_topic, translated
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.decoder import TopicDecoder
from schemas.json_events import event_text
from schemas.registry import Registry

POLL = 0.2


def watch(settings: Settings, catalog: Catalog, topic: str, stop: Event, *, beginning: bool = False) -> Iterator[str]:
    """Every committed record of a topic of the catalog from now on, or from its beginning, until `stop` is set.

    A line has partition, offset, key and the JSON event; a record that is not one has the reason and its bytes.
    Joins no consumer group and commits nothing.

    Raises ConfigError if the topic is not in the catalog or not on the cluster, BrokerUnavailable,
    RegistryUnavailable, SchemaNotRegistered.
    """
    if topic not in catalog.topics:
        raise ConfigError(f"no topic {topic} in the catalog", hint=f"there are {', '.join(catalog.topics)}")
    partitions = require_topic(settings, topic)
    decoder = TopicDecoder(catalog, Registry(settings), topic)
    client = consumer(settings, "avrogate-watch", auto_offset_reset="earliest")
    start = OFFSET_BEGINNING if beginning else OFFSET_END
    try:
        client.assign([TopicPartition(topic, partition, start) for partition in range(partitions)])
        while not stop.is_set():
            for message in client.consume(500, POLL):
                error = message.error()
                if error is not None:
                    raise translated(error, settings)
                yield _line(message, decoder)
    finally:
        client.close()


def _line(message: Message, decoder: TopicDecoder) -> str:
    key = message.key()
    content: dict[str, Any] = {
        "partition": message.partition(),
        "offset": message.offset(),
        "key": key.decode(errors="backslashreplace") if isinstance(key, bytes) else key,
    }
    try:
        decoded = decoder.read(message.value())
        content["event"] = decoded.codec.contract.to_event(decoded.record)
    except WireFormatError as error:
        content |= {"undecodable": error.reason, "bytes": base64.b64encode(message.value() or b"").decode()}
    return event_text(content, ascii_only=False)
