"""Everyone reads the same event: Confluent's serializer writes our bytes, and Confluent's and fastavro's readers
read what we wrote.

Records are those of every valid example and of generated events, for each schema of the catalog.
"""

from __future__ import annotations

import io

import fastavro
import pytest
from confluent_kafka.schema_registry import topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas.catalog import load_catalog
from schemas.codec import Codec
from schemas.wire_format import unframe

CATALOG = load_catalog()
# the default strategy asks the registry for associations, which only some registries have
STRATEGY = {"subject.name.strategy": topic_record_subject_name_strategy}
SERIALIZER = {**STRATEGY, "auto.register.schemas": False, "validate.strict": True}
each_schema = pytest.mark.parametrize("version", CATALOG.versions, ids=str)


@each_schema
def test_fastavro_reads_the_same_values(version, values, records_of):
    """With fastavro's own logical types, from the schema's text alone."""
    codec = Codec(version, 1)
    schema, expanded = fastavro.parse_schema(version.resolved), values.expanded(version.resolved)
    for record in records_of(version):
        body = bytes(unframe(codec.write(record))[1])
        assert fastavro.schemaless_reader(io.BytesIO(body), schema, None) == values.rich(expanded, record)
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, values.rich(expanded, record))
        assert out.getvalue() == body


@pytest.mark.stack
@each_schema
def test_confluents_serializer_writes_the_same_bytes_and_reads_ours(version, values, records_of, registered):
    codec = registered.codec(version)
    client = registered.client()
    schema = client.get_version(codec.version.subject, codec.version.number).schema
    serializer = AvroSerializer(client, schema, conf=SERIALIZER)
    deserializer = AvroDeserializer(client, conf=STRATEGY)
    context = SerializationContext(codec.version.topic, MessageField.VALUE)
    records, expanded = records_of(version), values.expanded(version.resolved)
    for record in records:
        expected = values.rich(expanded, record)
        value = codec.write(record)
        assert serializer(expected, context) == value
        if len(value) > 5:
            assert deserializer(value, context) == expected
    assert len(records) > 2
