"""The lake: every enriched event in one Delta table, partitioned by event and day (UTC).

One struct column for each event, as decoding gives them: the reports' and KPIs' own code reads the lake as it reads
the topic, fields of two events never clash, and one commit takes all events of a batch. Why not a table for each
event, and how the exactly-once holds: docs/lake.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from analytics.checkpoints import Identity
from analytics.decode import REFUSED, decoded
from analytics.expressions import text
from analytics.fitting import fitted, type_of
from analytics.java_errors import reason
from analytics.results import moment
from analytics.writers import TopicSchemas, Writer
from avrogate.errors import AvrogateError, ConfigError
from avrogate.settings import URI, Settings
from schemas.catalog import Catalog

PARTITIONS = ("event", "day")
PLACE = ("time", "partition", "offset", "timestamp")
RECORDS = {"value": "BINARY", "partition": "INT", "offset": "BIGINT", "timestamp": "TIMESTAMP"}
FILL_HINT = "run `avrogate analytics lake`"
COMPLETE = "avrogate.complete_from"
# a fill is hardly further back in the table's history than this many compactions
RECENT = 20


@dataclass(frozen=True)
class Filled:
    """How far the lake is: of each partition, the first offset that it does not have; and since when.

    And what brought it there: the batch, with its rows and files.
    """

    ends: Mapping[int, int]
    at: datetime
    batch: int
    rows: int
    files: int

    def behind(self, ends: Mapping[int, int]) -> int:
        """How many offsets a topic with these ends is ahead: no fewer than its events."""
        return sum(max(end - self.ends.get(partition, 0), 0) for partition, end in ends.items())


@dataclass(frozen=True)
class Lake:
    """The table at a location that Spark can read."""

    spark: SparkSession
    location: str

    @property
    def table(self) -> str:
        """Its name in SQL."""
        return f"delta.`{self.location.replace('`', '``')}`"

    def exists(self) -> bool:
        """Whether there is a table."""
        jvm = self.spark._jvm
        assert jvm is not None
        return bool(jvm.io.delta.tables.DeltaTable.isDeltaTable(self.spark._jsparkSession, self.location))

    def create(self, columns: StructType, identity: Identity, complete_from: int) -> None:
        """Make an empty table that says whose events it keeps: wherever it is moved to, that stays with it.

        `complete_from` is the moment, in milliseconds since 1970, from which on it will have every event.
        """
        settings = {
            **properties(identity),
            COMPLETE: str(complete_from),
            "delta.dataSkippingStatsColumns": ",".join(PLACE),
        }
        kept = ", ".join(f"{text(name)} = {text(value)}" for name, value in settings.items())
        # all may be null: which events have a field changes over time
        fields, names = columns.toDDL().replace(" NOT NULL", ""), ", ".join(PARTITIONS)
        self.spark.sql(
            f"CREATE TABLE {self.table} ({fields}) USING delta PARTITIONED BY ({names}) TBLPROPERTIES ({kept})"
        )

    @property
    def complete_from(self) -> datetime:
        """Every event that happened from then on is in the table, once it was written to the topic."""
        return moment(int(self._detail()["properties"].get(COMPLETE, "0")))

    def identity(self) -> Identity:
        """Whose events it keeps. Raises ConfigError for a Delta table that is no lake of ours."""
        found = self._detail()["properties"]
        try:
            cluster, topic, topic_id = (found[f"avrogate.{name}"] for name in ("cluster", "topic", "topic_id"))
            return Identity(cluster, topic, topic_id, int(found["avrogate.generation"]))
        except KeyError as error:
            raise ConfigError(
                f"{self.location} is a Delta table, but no lake", hint="set another AVROGATE_LAKE"
            ) from error

    def files(self) -> tuple[int, int]:
        """The data files of the table as it is now, and their bytes."""
        detail = self._detail()
        return detail["numFiles"], detail["sizeInBytes"]

    def filled(self) -> Filled | None:
        """How far it is, or None if nothing has been written (or Delta has forgotten it, after 30 days)."""
        for limit in (f" LIMIT {RECENT}", ""):
            history = self.spark.sql(f"DESCRIBE HISTORY {self.table}{limit}").where("userMetadata IS NOT NULL")
            newest = history.orderBy(f.desc("version"))
            row = newest.select("userMetadata", f.unix_millis("timestamp").alias("at"), "operationMetrics").first()
            if row is not None:
                said, metrics = json.loads(row["userMetadata"]), row["operationMetrics"]
                ends = {int(partition): end for partition, end in said["ends"].items()}
                rows, files = (int(metrics.get(name, 0)) for name in ("numOutputRows", "numFiles"))
                return Filled(ends, moment(row["at"]), said["batch"], rows, files)
        return None

    def newest_batch(self, generation: int) -> int:
        """The newest batch of a checkpoint that is in the table, -1 for none. Delta does not forget it."""
        jvm = self.spark._jvm
        assert jvm is not None
        log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self.spark._jsparkSession, self.location)
        found = log.unsafeVolatileSnapshot().transactions().get(transactions(generation))
        return int(found.get()) if found.isDefined() else -1

    def refused(self, beyond: Filled | None) -> Iterator[Row]:
        """Partition, offset and reason of the records that are no event, of those that came after `beyond`."""
        found = self.spark.read.format("delta").load(self.location).where(f.col("event") == REFUSED)
        if "refused" in found.columns:
            ends = {} if beyond is None else beyond.ends
            older = [(f.col("partition") == part) & (f.col("offset") < end) for part, end in ends.items()]
            for condition in older:
                found = found.where(~condition)
            yield from found.select("partition", "offset", "refused").orderBy("partition", "offset").toLocalIterator()

    def _detail(self) -> Row:
        (row,) = self.spark.sql(f"DESCRIBE DETAIL {self.table}").collect()
        return row

    def events(
        self,
        columns: StructType,
        *,
        only: Iterable[str] | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> DataFrame:
        """What `decoded` gives, of these days and events only: files of other partitions are not read.

        A column or nested field of `columns` that the table does not have (yet) is null.
        """
        found = self.spark.read.format("delta").load(self.location).where(f.col("event") != REFUSED)
        if only is not None:
            found = found.where(f.col("event").isin(sorted(only)))
        if first is not None:
            found = found.where(f.col("day") >= f.lit(first))
        if last is not None:
            found = found.where(f.col("day") <= f.lit(last))
        return found.select(
            *(
                fitted(f.col(each.name), type_of(found.schema, each.name), each.dataType).alias(each.name)
                for each in columns
            )
        )


def transactions(generation: int) -> str:
    """The name under which the batches of a checkpoint are counted in the table."""
    return f"avrogate-lake-{generation}"


def properties(identity: Identity) -> dict[str, str]:
    """The table's properties that say whose events it keeps."""
    return {f"avrogate.{name}": str(value) for name, value in vars(identity).items()}


def columns(spark: SparkSession, schemas: TopicSchemas) -> StructType:
    """The columns of the lake's events for these schemas."""
    return _none(spark, schemas, quarantine=False)


def table_columns(spark: SparkSession, schemas: TopicSchemas) -> StructType:
    """All columns of the table, those of the records that are no event, too."""
    return _none(spark, schemas, quarantine=True)


def _none(spark: SparkSession, schemas: TopicSchemas, *, quarantine: bool) -> StructType:
    none = spark.range(0).selectExpr(*(f"CAST(NULL AS {kind}) AS {name}" for name, kind in RECORDS.items()))
    return laid_out(decoded(none, schemas, quarantine=quarantine), schemas).schema


def laid_out(events: DataFrame, schemas: TopicSchemas) -> DataFrame:
    """Decoded events as the lake keeps them. What is no event has no day, but a reason, and its bytes."""
    apart = [f.col("refused"), f.when(f.col("event") == REFUSED, f.col("value")).alias("value")]
    kept = apart if "refused" in events.columns else []
    return events.select("event", f.to_date("time").alias("day"), *PLACE, *schemas.readers, *kept)


def catalog_schemas(catalog: Catalog) -> TopicSchemas:
    """The enriched events' newest versions, as if only these had ever been written: for readers of the lake.

    They need neither a registry nor Kafka.
    """
    topic = catalog.stage_topic("enriched")
    newest = [catalog.newest(topic, event) for event in catalog.topics[topic].events]
    writers = {n: Writer(one.short_name, n, one.resolved) for n, one in enumerate(newest)}
    return TopicSchemas(topic, {one.short_name: one for one in newest}, writers)


@contextmanager
def clear_errors(settings: Settings) -> Iterator[None]:
    """What stops Spark at the lake, as one line: a place that cannot be reached, a file that is gone."""
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        log = settings.expanded_home / "logs" / "spark.log"
        hint = f"the lake is {settings.lake_location}; see {log}"
        raise AvrogateError(f"Spark: {reason(error)}", hint=hint) from error


def existing_lake(spark: SparkSession, settings: Settings) -> Lake:
    """The lake. Raises ConfigError if there is none."""
    require_lake(settings)
    lake = Lake(spark, settings.lake_location)
    if not lake.exists():
        raise no_lake(settings)
    return lake


def require_lake(settings: Settings) -> None:
    """Raise ConfigError if there is no lake, as far as that can be told without Spark: in a local folder."""
    if not URI.match(settings.lake_location) and not Path(settings.lake_location, "_delta_log").is_dir():
        raise no_lake(settings)


def no_lake(settings: Settings) -> ConfigError:
    """What to say to somebody who reads the lake before there is one."""
    return ConfigError(f"there is no lake at {settings.lake_location}", hint=FILL_HINT)
