"""Both topics of events through Spark's Kafka source, at once and as a stream: the same values, exactly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f

from analytics.decode import REFUSED, decoded
from analytics.kafka_source import source_options
from analytics.writers import TopicSchemas, prepare
from processors.run import process
from producers import Publisher

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = [pytest.mark.spark, pytest.mark.stack]

START = 1_773_532_620
INFO = {"coin-balance-after-match": 1, "level-after-match": 2, "device": "d", "platform": "ios"}


def events() -> list[dict[str, Any]]:
    """Raw events, in every form that a user id may have; their times tell them apart."""
    users = [42, "42", "ö", 2**53 + 1, "0042"]
    forms = [
        lambda user: {"event-type": "init", "user-id": user, "country": "PT", "platform": "ios"},
        lambda user: {
            "event-type": "in-app-purchase",
            "user-id": user,
            "product-id": "p",
            "purchase_value": Decimal("9999999999999999.99"),
        },
        lambda user: {
            "event-type": "match",
            "user-a": str(user),
            "user-b": "other",
            "user-a-postmatch-info": INFO,
            "winner": "other",
            "game-tier": 3,
            "duration": 60,
        },
    ]
    return [
        {**form(user), "time": START + number}
        for number, (form, user) in enumerate((form, user) for form in forms for user in users)
    ]


def plain(event: dict[str, Any]) -> dict[str, Any]:
    """A raw event as its decoded struct is: Avro names, the user as text."""
    found = {
        name.replace("-", "_"): {key.replace("-", "_"): one for key, one in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in event.items()
    }
    found["event_type"] = found["event_type"].replace("-", "_")
    if "user_id" in found:
        found["user_id"] = str(found["user_id"])
    if found["event_type"] == "match":
        found["user_b_postmatch_info"] = None
    return found


def rows(frame: DataFrame, schemas: TopicSchemas) -> dict[int, Any]:
    """Each event's own struct, by its time in seconds."""
    columns = [f.unix_millis("time").alias("time"), *(f.col(name).dropFields("time") for name in schemas.readers)]
    renamed = frame.select(*(one.alias(name) for one, name in zip(columns, ["time", *schemas.readers], strict=True)))
    return {row["time"] // 1000: own(row, schemas) for row in renamed.collect()}


def own(row: Row, schemas: TopicSchemas) -> dict[str, Any]:
    (found,) = [row[name] for name in schemas.readers if row[name] is not None]
    result: dict[str, Any] = found.asDict(recursive=True)
    return result


@pytest.fixture
def filled(platform: Platform) -> Iterator[Platform]:
    with Publisher(platform.settings, platform.catalog) as publisher:
        assert [publisher.publish(event) for event in events()] == [None] * len(events())
    process(platform.settings, threading.Event(), until_idle=1.0, catalog=platform.catalog)
    yield platform


@pytest.mark.parametrize("stage", ["raw", "enriched"])
def test_a_batch_and_a_stream_give_every_field(filled: Platform, spark: SparkSession, stage: str) -> None:
    schemas = prepare(filled.settings, filled.catalog, stage=stage, not_empty=True)
    options = source_options(filled.settings, schemas.topic)
    found = rows(decoded(spark.read.format("kafka").options(**options).load(), schemas), schemas)
    assert len(found) == len(events())
    if stage == "raw":
        assert found == {
            event["time"]: {name: value for name, value in plain(event).items() if name != "time"}
            for event in events()
        }
    else:
        wanted = {event["time"]: plain(event).get("user_id", event.get("user-a")) for event in events()}
        assert {time: one.get("user_id", one.get("user_a")) for time, one in found.items()} == {
            time: str(user) for time, user in wanted.items()
        }

    for quarantine in (False, True):
        stream = decoded(spark.readStream.format("kafka").options(**options).load(), schemas, quarantine=quarantine)
        if quarantine:
            assert "refused" in stream.columns
            stream = stream.where(f.col("event") != REFUSED)
        name = f"decoded_{stage}_{quarantine}"
        query = stream.writeStream.format("memory").queryName(name).trigger(availableNow=True).start()
        query.awaitTermination()
        assert rows(spark.table(name), schemas) == found
