"""Creating the catalog's topics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without saying so
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from avrogate.errors import AvrogateError
from avrogate.kafka import admin, translated
from avrogate.settings import Settings
from schemas.catalog import Catalog, Topic


@dataclass(frozen=True)
class TopicState:
    """A topic of the catalog on the cluster, and what differs from the catalog if it was there before."""

    name: str
    partitions: int
    outcome: Literal["new", "unchanged", "different"]
    difference: str = ""


def create_topics(catalog: Catalog, settings: Settings) -> Iterator[TopicState]:
    """Create the topics that are missing. One that is there is left as it is; differences are said.

    Raises BrokerUnavailable if no broker answers.
    """
    client = admin(settings)
    try:
        present = client.list_topics(timeout=settings.request_timeout).topics
        for name, topic in catalog.topics.items():
            if name not in present and _create(client, name, topic, settings):
                yield TopicState(name, topic.partitions, "new")
            else:
                yield _compare(client, name, topic, _partitions(client, name, settings))
    except KafkaException as error:
        raise translated(error, settings) from error


def _create(client: AdminClient, name: str, topic: Topic, settings: Settings) -> bool:
    """Create a topic; whether it was not there: what was created a moment ago is not on every list yet."""
    new = NewTopic(name, num_partitions=topic.partitions, replication_factor=-1, config=topic.config())
    try:
        client.create_topics([new], operation_timeout=settings.request_timeout)[name].result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True


def _partitions(client: AdminClient, name: str, settings: Settings) -> int:
    until = time.monotonic() + settings.request_timeout
    while True:
        found = client.list_topics(name, timeout=settings.request_timeout).topics[name]
        if found.error is None or time.monotonic() > until:
            return len(found.partitions)
        time.sleep(0.1)


def _compare(client: AdminClient, name: str, topic: Topic, partitions: int) -> TopicState:
    resource = ConfigResource(ResourceType.TOPIC, name)
    try:
        found = client.describe_configs([resource])[resource].result()
    except KafkaException as error:
        raise AvrogateError(f"the configuration of topic {name} cannot be read: {error.args[0].str()}") from error
    differences = [
        f"{key} is {found[key].value}, not {value}"
        for key, value in topic.config().items()
        if found[key].value != value
    ]
    if partitions != topic.partitions:
        differences.insert(0, f"{partitions} partitions, not {topic.partitions}")
    return TopicState(name, partitions, "different" if differences else "unchanged", "; ".join(differences))
