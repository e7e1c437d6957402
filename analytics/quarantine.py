"""Records that are no event of their topic: a stream goes on without them, and a person finds them here.

In the folder of the checkpoint: `refused-ids.json` says which schema ids are skipped and why, so that a batch that
is run again skips the same; `quarantine/<batch>.jsonl` has the records of a batch. A batch that is run again
writes its file again. A schema that is registered after all counts from the next start on: what was skipped
before stays skipped.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f

from analytics.checkpoints import Checkpoint
from analytics.decode import REFUSED, decoded, unknown_ids
from analytics.kafka_source import source_options
from analytics.writers import TopicSchemas
from avrogate.errors import WireFormatError
from avrogate.settings import Settings
from schemas.wire_format import unframe

# records of one batch that are kept with their bytes; all are counted, and stay in the topic
KEPT = 1_000
# schema ids that are looked up before a batch is tried again: garbage can have any
ASKED = 1_000


@dataclass(frozen=True)
class Place:
    """Where a record lies that is no event, and why it is none."""

    topic: str
    partition: int
    offset: int
    reason: str


@dataclass(frozen=True)
class Quarantine:
    """The records of one stream that are no event of its topic."""

    checkpoint: Checkpoint

    @property
    def ids(self) -> dict[int, str]:
        """The schema ids that are skipped, with their reasons."""
        try:
            kept = json.loads(self._ids.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {int(number): reason for number, reason in kept.items()}

    def refuse(self, schema_id: int, reason: str) -> None:
        """Skip the records of an id from now on."""
        _write(self._ids, json.dumps({str(number): why for number, why in {**self.ids, schema_id: reason}.items()}))

    @property
    def folder(self) -> Path:
        """Where the records are."""
        return self.checkpoint.folder / "quarantine"

    def file(self, batch: int) -> Path:
        """Where the records of a batch are."""
        return self.folder / f"{batch}.jsonl"

    def empty(self, batch: int) -> None:
        """Take back what an earlier attempt at a batch has kept."""
        self.file(batch).unlink(missing_ok=True)

    def keep(self, spark: SparkSession, settings: Settings, schemas: TopicSchemas, batch: int) -> Place | None:
        """Look up the records of a batch that are no event and keep them; the first of them.

        They are read from the topic again, by the offsets that Spark wrote down for the batch: only their number
        goes through the aggregation.
        """
        rows = _records(spark, settings, schemas, self.checkpoint, batch)
        self.folder.mkdir(exist_ok=True)
        _write(self.file(batch), "".join(f"{_line(row)}\n" for row in rows))
        return next((Place(schemas.topic, row["partition"], row["offset"], row["refused"]) for row in rows), None)

    def unknown(self, spark: SparkSession, settings: Settings, schemas: TopicSchemas) -> list[int]:
        """The schema ids of the batch that failed and are not known: all, as each try is a new start."""
        records = _planned(spark, settings, schemas.topic, self.checkpoint, self.checkpoint.newest)
        return [row["schema_id"] for row in unknown_ids(records, schemas).limit(ASKED).collect()]

    @property
    def _ids(self) -> Path:
        return self.checkpoint.folder / "refused-ids.json"


def _planned(spark: SparkSession, settings: Settings, topic: str, checkpoint: Checkpoint, batch: int) -> DataFrame:
    """What Spark reads in a batch, once more."""
    first, last = checkpoint.offsets(batch, topic)
    given = {"startingOffsets": {topic: first}, "endingOffsets": {topic: last}}
    options = source_options(settings, topic) | {name: json.dumps(each) for name, each in given.items()}
    return spark.read.format("kafka").options(**options).load()


def _records(
    spark: SparkSession, settings: Settings, schemas: TopicSchemas, checkpoint: Checkpoint, batch: int
) -> Sequence[Row]:
    records = _planned(spark, settings, schemas.topic, checkpoint, batch)
    found = decoded(records, schemas, quarantine=True).where(f.col("event") == REFUSED)
    return (
        found.select("partition", "offset", f.unix_millis("timestamp").alias("timestamp"), "refused", "value")
        .orderBy("partition", "offset")
        .limit(KEPT)
        .collect()
    )


def _line(row: Row) -> str:
    value: bytes | None = row["value"]
    try:
        schema_id: int | None = unframe(value)[0]
    except WireFormatError:
        schema_id = None
    content = {
        "partition": row["partition"],
        "offset": row["offset"],
        "timestamp": row["timestamp"],
        "reason": row["refused"],
        "schema_id": schema_id,
        "value": None if value is None else base64.b64encode(value).decode(),
    }
    return json.dumps(content)


def _write(file: Path, text: str) -> None:
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
