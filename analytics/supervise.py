"""Queries that go on when a new schema version appears, and Spark's failures in Avrogate's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from analytics.decode import NOT_FRAMED, unknown_id
from analytics.java_errors import reason
from analytics.writers import TopicSchemas
from avrogate.errors import AvrogateError, BrokerUnavailable, ContractError, TransientError, WireFormatError
from avrogate.kafka import require_topic
from avrogate.settings import Settings
from schemas.registry import Registry

T = TypeVar("T")

# what Kafka's Java client says when a broker is away, or comes back and has not found itself yet
AWAY = re.compile(
    r"org\.apache\.kafka\.common\.errors\.(Timeout|Disconnect|Network|NotLeaderOrFollower|LeaderNotAvailable"
    r"|BrokerNotAvailable|CoordinatorNotAvailable|NotController)Exception"
)


class Care:
    """What is done about trouble that a query cannot cure by itself. This one does nothing: it ends the query."""

    def refused(self, error: WireFormatError) -> None:
        """A record can never be read. Returns if the query shall go on without those of its schema id."""
        raise error

    def outage(self, outage: TransientError) -> None:
        """Broker or registry are away. Returns when it is worth another try."""
        raise outage

    def unknown(self, schemas: TopicSchemas, schema_id: int) -> Iterable[int]:
        """The ids to ask the registry for, when a query has met one that it does not know."""
        return (schema_id,)

    def learned(self, schema_id: int) -> None:
        """A schema id that appeared in mid-stream is known now."""


def supervise(
    settings: Settings, schemas: TopicSchemas, attempt: Callable[[TopicSchemas], T], care: Care | None = None
) -> T:
    """Run `attempt`; if it meets a schema id that it does not know, ask the registry and run it again.

    A stream that fails so has not committed the batch, and goes on from its checkpoint with the new id.
    What else happens is up to `care`; unless it is given:
    raises ContractError for an id that the registry does not know either and for bytes that are not what
    their schema says, BrokerUnavailable or RegistryUnavailable if they went away, AvrogateError for what else
    stops Spark.
    """
    registry, care, unknown = Registry(settings), care or Care(), None
    while True:
        try:
            try:
                if unknown is not None:
                    schemas, unknown = _knowing(schemas, registry, unknown, care), None
                return attempt(schemas)
            except (PySparkException, Py4JJavaError) as error:
                unknown = unknown_id(error)
                if unknown is None or unknown in schemas.writers or unknown in schemas.refused:
                    raise _translated(settings, schemas.topic, error) from error
        except TransientError as outage:
            care.outage(outage)


def _knowing(schemas: TopicSchemas, registry: Registry, schema_id: int, care: Care) -> TopicSchemas:
    for number in dict.fromkeys([schema_id, *care.unknown(schemas, schema_id)]):
        try:
            schemas = schemas.learn(registry, number)
        except WireFormatError as error:
            care.refused(error)
            schemas = schemas.without({number: error.reason})
        else:
            care.learned(number)
    return schemas


def _translated(settings: Settings, topic: str, error: BaseException) -> AvrogateError:
    message = str(error)
    framed = re.search(rf"{NOT_FRAMED} at [^\n'\"]*\d", message)
    if framed:
        return ContractError(f"a record is {framed[0]}", hint="who writes to this topic besides the processor?")
    if "Malformed records are detected" in message or "MALFORMED_AVRO" in message:
        return ContractError(f"topic {topic} holds a record that is not what its schema id says")
    require_topic(settings, topic)  # says it plainly if the broker is gone
    if away := AWAY.search(message):
        return BrokerUnavailable(f"broker at {settings.brokers} was away ({away[1]}Exception)")
    return AvrogateError(f"Spark: {reason(error)}", hint=f"see {settings.expanded_home / 'logs' / 'spark.log'}")
