"""How large a record a topic takes, as the broker has it now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ConfigResource, ResourceType  # type: ignore[attr-defined]

from avrogate.errors import ConfigError
from avrogate.kafka import admin, translated
from avrogate.settings import Settings

# Kafka's own max.message.bytes, for a topic that says nothing
BROKER_LIMIT = 1_048_588
# bytes that a batch of one record has besides key, value and headers, at most; and each header besides its own
OVERHEAD, HEADER_OVERHEAD = 128, 10
NOT_TOLD = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}

Headers = Sequence[tuple[str, bytes | None]]


def limits(settings: Settings, topics: Iterable[str]) -> dict[str, int]:
    """`max.message.bytes` of each topic; Kafka's default where the client may not ask.

    Raises ConfigError for a topic that is not there, BrokerUnavailable.
    """
    resources = {topic: ConfigResource(ResourceType.TOPIC, topic) for topic in topics}
    client = admin(settings)
    answers = client.describe_configs([*resources.values()], request_timeout=settings.request_timeout)
    return {topic: _limit(settings, topic, answers[resource]) for topic, resource in resources.items()}


def _limit(settings: Settings, topic: str, answer: object) -> int:
    try:
        return int(answer.result()["max.message.bytes"].value)  # type: ignore[attr-defined]  # a Future
    except KafkaException as error:
        if error.args[0].code() in NOT_TOLD:
            return BROKER_LIMIT
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            message = f"topic {topic} is not on {settings.brokers}"
            raise ConfigError(message, hint="run `avrogate topics create`") from error
        raise translated(error, settings) from error


def record_size(key: bytes | None, value: bytes | None, headers: Headers = ()) -> int:
    """Bytes that a record takes up in a batch of its own, at most, and before compression."""
    size = OVERHEAD + len(key or b"") + len(value or b"")
    return size + sum(HEADER_OVERHEAD + len(name.encode()) + len(content or b"") for name, content in headers)
