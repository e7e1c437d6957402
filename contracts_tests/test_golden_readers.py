"""The golden records as others read them: Confluent's deserializer, Java Avro and Spark's from_avro.

Each is also held against the next record's value, which it must not agree with: a comparison that cannot fail
would say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka.schema_registry import topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas.catalog import load_catalog
from schemas.wire_format import prefix

CATALOG = load_catalog()
each_schema = pytest.mark.parametrize("version", CATALOG.versions, ids=str)


@dataclass(frozen=True)
class Case:
    """The golden records of a version, and what they say."""

    avro: Any
    names: list[str]
    values: list[Any]
    records: list[dict[str, Any]]
    bodies: list[bytes]


@pytest.fixture(scope="session")
def case_of(golden, values):
    def case(version):
        avro, goldens = values.expanded(version.resolved), golden("corpus").corpus()[str(version)]
        return Case(
            avro=avro,
            names=[one.name for one in goldens],
            values=[one.value for one in goldens],
            records=[golden("notation").record_of(avro, one.value) for one in goldens],
            bodies=[one.body for one in goldens],
        )

    return case


@pytest.fixture(scope="session")
def agree(golden):
    """Whether what was found is what is expected, and not what is expected of the neighbours."""
    difference = golden("notation").difference

    def agree(case, found, expected):
        problems = [difference(*pair) for pair in zip(expected, found, strict=True)]
        assert [pair for pair in zip(case.names, problems, strict=True) if pair[1]] == []
        assert len(expected) > 1, "too few golden records"
        for place, one in enumerate(found):
            assert difference(expected[place - 1], one), f"{case.names[place]}: anything is as good as its value"

    return agree


@pytest.mark.stack
@each_schema
def test_confluents_deserializer(version, case_of, agree, values, registered):
    case, codec = case_of(version), registered.codec(version)
    # the default strategy asks the registry for associations, which only some registries have
    strategy = {"subject.name.strategy": topic_record_subject_name_strategy}
    deserializer = AvroDeserializer(registered.client(), conf=strategy)
    context = SerializationContext(codec.version.topic, MessageField.VALUE)
    messages = [prefix(codec.schema_id) + body for body in case.bodies]
    assert all(len(message) > 5 for message in messages), "its deserializer takes no value of five bytes"
    expected = [values.rich(case.avro, record) for record in case.records]
    agree(case, [deserializer(message, context) for message in messages], expected)


@pytest.mark.spark
@each_schema
def test_java_avro(version, case_of, agree, golden, spark):
    case = case_of(version)
    java = golden("java_avro").JavaAvro(spark._jvm, version.resolved)
    agree(case, [java.read(case.avro, body) for body in case.bodies], case.records)
    contents = [golden("notation").avro_json(case.avro, value) for value in case.values]
    assert [java.write(case.avro, content) for content in contents] == case.bodies


@pytest.mark.spark
def test_java_avro_takes_exactly_one_record(case_of, golden, spark):
    version = CATALOG.versions[0]
    case = case_of(version)
    java = golden("java_avro").JavaAvro(spark._jvm, version.resolved)
    with pytest.raises(ValueError, match="bytes are left"):
        java.read(case.avro, case.bodies[0] + b"\0")


@pytest.fixture(scope="session")
def read_by_spark(case_of, values, spark):
    """Every golden record as Spark reads it, by version: one job for all of them, a column for each schema."""
    from pyspark.sql import functions as f

    cases = {str(version): case_of(version) for version in CATALOG.versions}
    rows = [(name, place, bytearray(body)) for name, case in cases.items() for place, body in enumerate(case.bodies)]
    columns = [
        f.when(f.col("version") == str(version), values.spark_record(version.resolved, "body")).alias(str(version))
        for version in CATALOG.versions
    ]
    frame = spark.createDataFrame(rows, "version string, place int, body binary")
    read = {
        (row.version, row.place): row[row.version] for row in frame.select("version", "place", *columns).collect()
    }
    return {
        name: [values.from_spark(case.avro, read[name, place]) for place in range(len(case.bodies))]
        for name, case in cases.items()
    }


@pytest.mark.spark
@each_schema
def test_spark(version, case_of, agree, read_by_spark):
    case = case_of(version)
    agree(case, read_by_spark[str(version)], case.records)
