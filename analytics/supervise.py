"""Queries that go on when a new schema version appears, and Spark's failures in Avrogate's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from analytics.decode import NOT_FRAMED, unknown_id
from analytics.writers import TopicSchemas
from avrogate.errors import AvrogateError, ContractError
from avrogate.kafka import require_topic
from avrogate.settings import Settings
from schemas.registry import Registry

T = TypeVar("T")


def supervise(settings: Settings, schemas: TopicSchemas, attempt: Callable[[TopicSchemas], T]) -> T:
    """Run `attempt`; if it meets a schema id that it does not know, ask the registry and run it again.

    A stream that fails so has not committed the batch, and goes on from its checkpoint with the new id.
    Raises ContractError for an id that the registry does not know either and for bytes that are not what
    their schema says, BrokerUnavailable if the broker went away, AvrogateError for what else stops Spark.
    """
    registry = Registry(settings)
    while True:
        try:
            return attempt(schemas)
        except (PySparkException, Py4JJavaError) as error:
            found = unknown_id(error)
            if found is None or found in schemas.writers:
                raise _translated(settings, schemas.topic, error) from error
            schemas = schemas.learn(registry, found)


def _translated(settings: Settings, topic: str, error: BaseException) -> AvrogateError:
    message = str(error)
    framed = re.search(rf"{NOT_FRAMED} at [^\n'\"]*\d", message)
    if framed:
        return ContractError(f"a record is {framed[0]}", hint="who writes to this topic besides the processor?")
    if "Malformed records are detected" in message or "MALFORMED_AVRO" in message:
        return ContractError(f"topic {topic} holds a record that is not what its schema id says")
    require_topic(settings, topic)  # says it plainly if the broker is gone
    line = next((line.strip() for line in message.splitlines() if line.strip()), type(error).__name__)
    return AvrogateError(f"Spark: {line[:300]}", hint=f"see {settings.expanded_home / 'logs' / 'spark.log'}")
