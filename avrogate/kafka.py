"""Kafka clients, configured in one place, and Kafka's errors in Avrogate's words."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from avrogate.errors import AvrogateError, BrokerUnavailable, ConfigError
from avrogate.kafka_refusals import refusal, said
from avrogate.settings import Settings

T = TypeVar("T")

# librdkafka would print each connection attempt to the terminal; what matters comes back as an error
LOGGER = logging.getLogger("avrogate.kafka")
LOGGER.addHandler(logging.NullHandler())

START_HINT = "start the local one with `avrogate stack up`, or set AVROGATE_BOOTSTRAP_SERVERS"

UNREACHABLE = {
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TRANSPORT,
    KafkaError._RESOLVE,
    KafkaError._TIMED_OUT,
    KafkaError._TIMED_OUT_QUEUE,
    KafkaError._MSG_TIMED_OUT,
}
# a broker that has just started, a group that it has just heard of, a transaction that is still open
NOT_YET = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.UNSTABLE_OFFSET_COMMIT,
    KafkaError._WAIT_COORD,
}
DENIED = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
}


def client_config(settings: Settings, **options: Any) -> dict[str, Any]:
    """The configuration of any client: address, pass-through options, and `options` with _ for the dots.

    `options` are what Avrogate's guarantees rest on: the user's AVROGATE_KAFKA_* do not change them.
    """
    config: dict[str, Any] = {
        "bootstrap.servers": settings.brokers,
        "client.id": "avrogate",
        "log_level": 2,
        "socket.connection.setup.timeout.ms": 5000,
        "reconnect.backoff.max.ms": 2000,
    }
    config |= {name: value.get_secret_value() for name, value in settings.kafka.items()}
    return config | {name.replace("_", "."): value for name, value in options.items() if value is not None}


def producer(settings: Settings, **options: Any) -> Producer:
    """An idempotent producer that partitions as Java producers do (murmur2).

    Its calls raise ConfigError when a broker refuses the login or has another certificate, at any time.
    """
    defaults = {"compression.type": "lz4", "linger.ms": 20, "queue.buffering.max.messages": 1_000_000}
    guarantees = {"enable_idempotence": True, "partitioner": "murmur2_random"}
    config = defaults | client_config(settings, **(guarantees | options))
    return _made(Producer, config | {"error_cb": _stops(settings)}, logger=LOGGER)


def consumer(
    settings: Settings, group: str, *, statistics: Callable[[str], None] | None = None, **options: Any
) -> Consumer:
    """A consumer that sees committed records only and commits nothing by itself.

    `statistics` hears librdkafka's own, as JSON, every `statistics_interval_ms`, from within the calls that read.
    Reading raises ConfigError when a broker refuses the login or has another certificate, at any time: librdkafka
    would try for ever, and that looks like a topic in which nothing happens.
    """
    defaults = {"fetch.wait.max.ms": 100}
    guarantees = {
        "group_id": group,
        "enable_auto_commit": False,
        "isolation_level": "read_committed",
        "auto_offset_reset": "error",
    }
    config = defaults | client_config(settings, **(guarantees | options)) | {"error_cb": _stops(settings)}
    return _made(Consumer, config | ({"stats_cb": statistics} if statistics else {}), logger=LOGGER)


def admin(settings: Settings) -> AdminClient:
    """An admin client. Raises BrokerUnavailable at once if nobody listens at any of the addresses."""
    addresses = settings.brokers.split(",")
    if all(_refused(address.strip()) for address in addresses):
        raise BrokerUnavailable(f"broker unreachable at {settings.brokers} (connection refused)", hint=START_HINT)
    return _made(AdminClient, client_config(settings))


def _refused(address: str) -> bool:
    """Whether a connection is refused outright; anything less clear is left to the client, which has more time."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except (OSError, ValueError):
        return False
    return False


def require_topic(settings: Settings, topic: str) -> int:
    """The number of partitions of a topic that must be there.

    Raises ConfigError if it is not, BrokerUnavailable if no broker answers.
    """
    try:
        found = admin(settings).list_topics(topic, timeout=settings.request_timeout).topics.get(topic)
    except KafkaException as error:
        raise translated(error, settings) from error
    if found is None or found.error is not None or not found.partitions:
        raise ConfigError(f"topic {topic} is not on {settings.brokers}", hint="run `avrogate topics create`")
    return len(found.partitions)


def require_topics(settings: Settings, topics: Iterable[str]) -> None:
    """Topics that must be there. Raises ConfigError that names all that are not, BrokerUnavailable."""
    try:
        there = admin(settings).list_topics(timeout=settings.request_timeout).topics
    except KafkaException as error:
        raise translated(error, settings) from error
    missing = [topic for topic in topics if topic not in there]
    if missing:
        said = f"topic {missing[0]} is" if len(missing) == 1 else f"topics {', '.join(missing)} are"
        raise ConfigError(f"{said} not on {settings.brokers}", hint="run `avrogate topics create`")


def topic_id(settings: Settings, client: AdminClient, topic: str, timeout: float | None = None) -> str:
    """The id of a topic: one that was deleted and made again has another.

    Raises ConfigError if there is no such topic, BrokerUnavailable if no broker answers.
    """
    asked = client.describe_topics(TopicCollection([topic]), request_timeout=timeout or settings.request_timeout)
    try:
        return str(asked[topic].result().topic_id)
    except KafkaException as error:
        raise translated(error, settings) from error


def offsets(settings: Settings, client: Consumer, topic: str, partition: int) -> tuple[int, int]:
    """The first and the next offset of a partition; the next one as read_committed readers see it."""
    try:
        low, high = client.get_watermark_offsets(
            TopicPartition(topic, partition), timeout=settings.request_timeout, cached=False
        )
    except KafkaException as error:
        raise translated(error, settings) from error
    return low, high


def translated(error: KafkaException | KafkaError, settings: Settings) -> AvrogateError:
    """Kafka's error in the hierarchy: an outage, a refused client, or something that stops the process.

    Where a client cannot tell an outage from a refusal, the broker is asked again: that takes some seconds at most.
    """
    kafka_error: KafkaError = error.args[0] if isinstance(error, KafkaException) else error
    code, text = kafka_error.code(), kafka_error.str()
    if code in DENIED:
        return ConfigError(f"broker at {settings.brokers} refuses the client ({text})", hint="check AVROGATE_KAFKA_*")
    if code in UNREACHABLE:
        return refusal(client_config(settings)) or BrokerUnavailable(
            f"broker unreachable at {settings.brokers} ({text})", hint=START_HINT
        )
    if code in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):
        return ConfigError(f"a topic is missing on {settings.brokers} ({text})", hint="run `avrogate topics create`")
    return AvrogateError(f"Kafka: {text} ({kafka_error.name()})")


def _stops(settings: Settings) -> Callable[[KafkaError], None]:
    """What a client calls with each thing it notices; what this raises comes out of the client's own calls."""

    def heard(error: KafkaError) -> None:
        why = said(error, settings.brokers)
        if why is not None:
            raise why

    return heard


def _made(kind: Callable[..., T], config: dict[str, Any], **keywords: Any) -> T:
    try:
        return kind(config, **keywords)
    except KafkaException as error:
        raise ConfigError(f"Kafka client options: {error.args[0].str()}", hint="check AVROGATE_KAFKA_*") from error
