import json

import fastavro
import pytest

from avrogate.errors import CatalogError
from schemas.versions import SchemaVersion, resolve


@pytest.fixture
def version(tmp_path):
    """Write an Avro schema of a record; its version."""

    def make(event, fields=(), references=(), number=1):
        version = SchemaVersion(tmp_path, "topic", "raw", event, number)
        schema = {"type": "record", "name": event.title(), "namespace": "n", "fields": list(fields)}
        if references:
            schema["references"] = [{"name": f"n.{name.title()}", "type": name, "version": 1} for name in references]
        version.avro_file.parent.mkdir(parents=True, exist_ok=True)
        version.avro_file.write_text(json.dumps(schema))
        return version

    return make


def field(name, kind):
    return {"name": name, "type": kind}


def test_where_a_version_lies_and_what_it_is_called(version, tmp_path):
    found = version("thing", number=2)
    assert str(found) == "raw/thing/v2"
    assert found.json_file == tmp_path / "json/raw/thing/v2.json"
    assert found.avro_file == tmp_path / "avro/raw/thing/v2.avsc"
    assert (found.record, found.subject) == ("n.Thing", "topic-n.Thing")


def test_a_version_that_was_not_derived(tmp_path):
    with pytest.raises(CatalogError, match="raw/thing/v1: no derived Avro schema") as caught:
        SchemaVersion(tmp_path, "topic", "raw", "thing", 1).avro  # noqa: B018
    assert "schemas derive" in caught.value.hint


def test_references_are_versions_of_the_same_topic_and_stage(version):
    inner = version("inner")
    (reference,) = version("outer", [field("a", "n.Inner")], ["inner"]).references
    assert (reference.name, reference.version) == ("n.Inner", inner)


def test_a_referenced_record_is_written_out_where_it_is_first_named(version):
    version("inner", [field("x", "long")])
    fields = [field("a", ["null", "n.Inner"]), field("b", {"type": "array", "items": "n.Inner"})]
    resolved = version("outer", fields, ["inner"]).resolved
    assert "references" not in resolved
    assert resolved["fields"][0]["type"][1]["fields"] == [field("x", "long")]
    assert resolved["fields"][1]["type"]["items"] == "n.Inner"
    fastavro.parse_schema(resolved)


def test_a_record_that_two_records_refer_to_is_written_out_once(version):
    version("leaf", [field("x", "long")])
    version("left", [field("l", "n.Leaf")], ["leaf"])
    version("right", [field("l", "n.Leaf")], ["leaf"])
    fields = [field("a", "n.Left"), field("b", "n.Right"), field("c", "n.Leaf")]
    resolved = version("outer", fields, ["left", "leaf", "right"]).resolved
    assert json.dumps(resolved).count('"fields"') == 4
    fastavro.parse_schema(resolved)


def test_only_types_are_written_out():
    schema = {"type": "record", "name": "R", "doc": "n.Inner", "fields": [field("n.Inner", "string")]}
    assert resolve(schema, {"n.Inner": {"type": "record", "name": "Inner", "fields": []}}) == schema


def test_resolving_leaves_its_arguments_as_they_are(version):
    version("inner", [field("x", "long")])
    outer = version("outer", [field("a", "n.Inner")], ["inner"])
    before = json.dumps(outer.avro)
    outer.resolved  # noqa: B018
    assert json.dumps(outer.avro) == before


def test_every_shipped_schema_is_one_legal_avro_schema(catalog):
    for version in catalog.versions:
        fastavro.parse_schema(version.resolved)
