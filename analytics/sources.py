"""Where a report's events come from: the lake, or the topic itself. The same question, the same answer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from pyspark.sql import DataFrame, Row, SparkSession

from analytics.checkpoints import log_identity
from analytics.decode import decoded
from analytics.kafka_source import source_options
from analytics.lake import Lake, catalog_schemas, clear_errors, columns, existing_lake, require_lake
from analytics.supervise import supervise
from analytics.writers import TopicSchemas, bounds, prepare
from avrogate.errors import ConfigError, TransientError
from avrogate.kafka import require_topic
from avrogate.settings import Settings
from schemas.catalog import Catalog

Source = Literal["lake", "kafka"]
Question = Callable[[DataFrame, TopicSchemas], DataFrame]


@dataclass(frozen=True)
class LakeState:
    """How far the lake is: when it was last filled, and how many offsets the topic is ahead.

    No fewer than its events; None if no broker could be asked.
    """

    filled_at: datetime | None
    behind: int | None


@dataclass(frozen=True)
class Answer:
    """The rows that a question came to, when it was asked, and how far the lake was if that was asked."""

    rows: list[Row]
    read_at: datetime
    lake: LakeState | None = None


def ready(settings: Settings, catalog: Catalog, source: Source) -> None:
    """Say what can be said without Spark. Raises what `ask` raises.

    Where there is no lake it comes first whether there is anything that could be in it.
    """
    if source == "kafka":
        prepare(settings, catalog, not_empty=True)
        return
    try:
        require_lake(settings)
    except ConfigError:
        prepare(settings, catalog, not_empty=True)
        raise


def ask(
    spark: SparkSession,
    settings: Settings,
    catalog: Catalog,
    source: Source,
    question: Question,
    *,
    only: Collection[str] | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Answer:
    """Put a question to the decoded events of a source.

    `only` (events, by their short names) and the days say what a lake need not read; the topic is read as a whole.
    Raises ConfigError (no lake, one of another cluster, a topic that is missing or empty), BrokerUnavailable,
    RegistryUnavailable, SchemaNotRegistered, ContractError; from a lake only ConfigError and AvrogateError: it needs
    neither broker nor registry.
    """
    read_at = datetime.now(UTC)
    if source == "kafka":
        schemas = prepare(settings, catalog, not_empty=True)

        def attempt(schemas: TopicSchemas) -> list[Row]:
            records = spark.read.format("kafka").options(**source_options(settings, schemas.topic)).load()
            return question(decoded(records, schemas), schemas).collect()

        return Answer(supervise(settings, schemas, attempt), read_at)
    schemas = catalog_schemas(catalog)
    with clear_errors(settings):
        lake = existing_lake(spark, settings)
        state = state_of(lake, settings, schemas.topic)
        events = lake.events(columns(spark, schemas), only=only, first=first, last=last)
        return Answer(question(events, schemas).collect(), read_at, state)


def state_of(lake: Lake, settings: Settings, topic: str) -> LakeState:
    """How far the lake is. Raises ConfigError if it keeps the events of another topic or cluster."""
    filled = lake.filled()
    at = None if filled is None else filled.at
    try:
        require_same(lake, settings, topic)
        ends = topic_ends(settings, topic)
    except TransientError:
        return LakeState(at, None)
    behind = sum(ends.values()) if filled is None else filled.behind(ends)
    return LakeState(at, behind)


def topic_ends(settings: Settings, topic: str) -> dict[int, int]:
    """The next offset of each partition. Raises BrokerUnavailable."""
    return {n: end for n, (_, end) in bounds(settings, topic, require_topic(settings, topic)).items()}


def require_same(lake: Lake, settings: Settings, topic: str) -> None:
    """Raise ConfigError unless the lake keeps the events of this topic. Raises BrokerUnavailable."""
    kept, (cluster, topic_id) = lake.identity(), log_identity(settings, topic)
    if (kept.cluster, kept.topic, kept.topic_id) != (cluster, topic, topic_id):
        raise ConfigError(
            f"the lake at {lake.location} keeps topic {kept.topic} ({kept.topic_id}) of cluster {kept.cluster}, "
            f"not {topic} ({topic_id}) of {cluster} at {settings.brokers}",
            hint="set the AVROGATE_LAKE of this cluster",
        )
