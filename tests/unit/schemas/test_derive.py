import json

import fastavro
import pytest

from avrogate.errors import DerivationError
from schemas.derive import derive

DRAFTS = [
    "http://json-schema.org/draft-03/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2020-12/schema",
]
TIME = {"type": "integer", "x-avro": {"logicalType": "timestamp-millis", "unit": "seconds"}}
BINARY = {"type": "string", "contentEncoding": "base64", "x-avro": {"type": "bytes"}}


def object_of(name="Inner", **properties):
    return {
        "type": "object",
        "x-avro": {"record": name},
        "additionalProperties": False,
        "properties": properties,
        "required": list(properties),
    }


@pytest.mark.parametrize("draft", DRAFTS)
def test_each_draft_gives_the_same_avro(derived, draft):
    properties = {"user-id": {"type": "string", "minLength": 1}, "note": {"type": "string"}}
    schema = derived(properties, required=["user-id"], draft=draft).schema
    assert schema == {
        "type": "record",
        "name": "Thing",
        "namespace": "test",
        "fields": [
            {"name": "user_id", "json-name": "user-id", "type": "string", "contract": {"minLength": 1}},
            {"name": "note", "json-name": "note", "type": ["null", "string"], "default": None},
        ],
    }


@pytest.mark.parametrize(
    ("node", "avro"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, "long"),
        ({"type": "number"}, "double"),
        ({"type": "boolean"}, "boolean"),
        ({"type": ["string", "integer"]}, ["string", "long"]),
        ({"type": ["integer", "string"]}, ["long", "string"]),
        ({"type": ["string"]}, "string"),
        (TIME, {"type": "long", "logicalType": "timestamp-millis"}),
        (BINARY, "bytes"),
        (
            {"type": "number", "x-avro": {"logicalType": "decimal", "precision": 18, "scale": 2}},
            {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2},
        ),
        (
            {
                "type": "number",
                "x-avro": {"logicalType": "decimal", "precision": 1, "scale": 1, "rounding": "half-even"},
            },
            {"type": "bytes", "logicalType": "decimal", "precision": 1, "scale": 1, "rounding": "half-even"},
        ),
        (
            {"type": "string", "enum": ["in-app-purchase", "b"], "x-avro": {"enum": "Kind"}},
            {
                "type": "enum",
                "name": "Kind",
                "symbols": ["in_app_purchase", "b"],
                "json-symbols": {"in_app_purchase": "in-app-purchase", "b": "b"},
            },
        ),
        ({"type": "array", "items": {"type": "integer"}}, {"type": "array", "items": "long"}),
        (
            {"type": "array", "items": {"type": ["string", "integer"]}},
            {"type": "array", "items": ["string", "long"]},
        ),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"type": "map", "values": "string"}),
        ({"type": ["string", "null"]}, ["null", "string"]),
        ({"type": ["integer", "null", "string"]}, ["null", "long", "string"]),
        ({"type": "array", "items": {"type": ["number", "null"]}}, {"type": "array", "items": ["null", "double"]}),
        ({"type": "string", "format": "uuid"}, "string"),
        ({"type": "integer", "const": 3}, "long"),
        (
            {"type": "string", "const": "a-b", "x-avro": {"enum": "Kind"}},
            {"type": "enum", "name": "Kind", "symbols": ["a_b"], "json-symbols": {"a_b": "a-b"}},
        ),
        (
            {"type": ["string", "null"], "enum": ["a", None], "x-avro": {"enum": "Kind"}},
            ["null", {"type": "enum", "name": "Kind", "symbols": ["a"], "json-symbols": {"a": "a"}}],
        ),
    ],
)
def test_types(field, node, avro):
    result = field(node)
    assert result["type"] == avro
    fastavro.parse_schema({"type": "record", "name": "R", "fields": [{"name": "a", "type": result["type"]}]})


def test_a_nested_object_is_a_record_in_place(field):
    assert field(object_of(**{"b-c": {"type": "integer"}}))["type"] == {
        "type": "record",
        "name": "Inner",
        "fields": [{"name": "b_c", "json-name": "b-c", "type": "long"}],
    }


def test_an_optional_union_has_null_first(derived):
    field = derived({"a": {"type": ["string", "integer"]}}, required=[]).schema["fields"][0]
    assert field["type"] == ["null", "string", "long"]
    assert field["default"] is None


def test_seconds_and_descriptions_are_kept_beside_the_type(field):
    result = field({**TIME, "description": "When."})
    assert (result["json-unit"], result["doc"]) == ("seconds", "When.")


def test_annotations_of_profiles_are_read_beside_the_reference(derived, write):
    write({"$schema": DRAFTS[2], "a": {"type": "string", "x-avro": {"sets-profile": "theirs"}}}, "raw/other/v1.json")
    node = {"$ref": "../other/v1.json#/a", "x-avro": {"from-profile": "ours"}, "description": "Our own."}
    field = derived({"a": node}).schema["fields"][0]
    assert field["from-profile"] == "ours"
    assert "sets-profile" not in field
    assert field["doc"] == "Our own."


def test_units_and_constraints_come_from_the_target(derived, write):
    write({"$schema": DRAFTS[2], "a": {**TIME, "minimum": 0, "description": "Theirs."}}, "raw/other/v1.json")
    field = derived({"a": {"$ref": "../other/v1.json#/a"}}).schema["fields"][0]
    assert (field["json-unit"], field["contract"], field["doc"]) == ("seconds", {"minimum": 0}, "Theirs.")


def test_required_stands_beside_the_reference_in_draft_3(derived, write):
    write({"$schema": DRAFTS[0], "a": {"type": "string", "required": True}}, "raw/other/v1.json")
    node = {"$ref": "../other/v1.json#/a"}
    optional = derived({"a": node}, required=[], draft=DRAFTS[0]).schema["fields"][0]
    assert optional["type"] == ["null", "string"]
    needed = derived({"a": node}, draft=DRAFTS[0]).schema["fields"][0]
    assert needed["type"] == "string"


def test_a_record_in_a_file_of_its_own_is_referred_to(derived, write, document):
    shared = document({"x": {"type": "integer"}})
    shared["x-avro"] = {"record": "Shared", "namespace": "test.shared"}
    write(shared, "raw/shared/v3.json")
    node = {"$ref": "../shared/v3.json"}
    schema = derived({"a": node, "b": node}, required=["a"]).schema
    assert [field["type"] for field in schema["fields"]] == ["test.shared.Shared", ["null", "test.shared.Shared"]]
    assert schema["references"] == [{"name": "test.shared.Shared", "type": "shared", "version": 3}]


def test_references_are_listed_by_name(derived, write, document):
    for name in ("Beta", "Alpha"):
        shared = {**document({"x": {"type": "integer"}}), "x-avro": {"record": name, "namespace": "test"}}
        write(shared, f"raw/{name.lower()}/v1.json")
    schema = derived({"b": {"$ref": "../beta/v1.json"}, "a": {"$ref": "../alpha/v1.json"}}).schema
    assert [reference["name"] for reference in schema["references"]] == ["test.Alpha", "test.Beta"]


def test_constraints_travel_at_every_depth_and_are_reported(derived):
    texts = {"type": "array", "items": {"type": "string", "maxLength": 3}, "maxItems": 2}
    result = derived({"a": {"type": "array", "items": texts}, "m": {"type": "object", "additionalProperties": texts}})
    a, m = result.schema["fields"]
    assert a["contract"] == {"items": {"maxItems": 2, "items": {"maxLength": 3}}}
    assert m["contract"] == {"values": {"maxItems": 2, "items": {"maxLength": 3}}}
    assert [(loss.pointer, loss.keyword) for loss in result.losses] == [
        ("/properties/a/items/maxItems", "maxItems"),
        ("/properties/a/items/items/maxLength", "maxLength"),
        ("/properties/m/additionalProperties/maxItems", "maxItems"),
        ("/properties/m/additionalProperties/items/maxLength", "maxLength"),
    ]
    assert {loss.source for loss in result.losses} == {"raw/thing/v1.json"}


def test_constraints_of_a_referenced_item_travel(derived, write):
    write({"$schema": DRAFTS[2], "short": {"type": "string", "maxLength": 3}}, "raw/other/v1.json")
    field = derived({"a": {"type": "array", "items": {"$ref": "../other/v1.json#/short"}}}).schema["fields"][0]
    assert field["contract"] == {"items": {"maxLength": 3}}


def test_fields_of_a_record_in_an_array_have_their_own_contract(field):
    result = field({"type": "array", "items": object_of(b={"type": "string", "maxLength": 3})})
    assert "contract" not in result
    assert result["type"]["items"]["fields"][0]["contract"] == {"maxLength": 3}


def test_the_same_input_gives_the_same_bytes(write, document):
    file = write(document({"b": {"type": "string"}, "a": {"type": "integer"}}))
    assert derive(file).text() == derive(file).text()
    assert [field["name"] for field in json.loads(derive(file).text())["fields"]] == ["b", "a"]
    assert derive(file).text().endswith("}\n")


def decimal(**options):
    return {"type": "number", "x-avro": {"logicalType": "decimal", **options}}


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ({}, 'needs a "type"'),
        ({"type": "null"}, "cannot be expressed"),
        ({"type": "any"}, "cannot be expressed"),
        ({"type": ["string", "boolean"]}, "a union is of string and integer"),
        ({"type": "number", "x-avro": {"precision": 9, "scale": 2}}, "a decimal with precision and scale"),
        ({"type": "integer", "x-avro": {"scale": 2}}, "x-avro 'scale' has no meaning for the type integer"),
        ({"type": "string", "x-avro": {"enum": "E"}}, "neither enum nor const"),
        ({"type": "string", "x-avro": {"from-profile": True}}, "must be the name of a profile's field"),
        ({"type": ["null"]}, "type 'null' cannot be expressed"),
        ({"type": ["null", "string", "boolean"]}, "or of one type and null"),
        ({"type": ["string", "null"], "enum": ["x"], "x-avro": {"enum": "E"}}, "null must be both"),
        ({"type": "string", "enum": ["x", None], "x-avro": {"enum": "E"}}, "null must be both"),
        ({"type": "string", "enum": ["x"], "const": "x", "x-avro": {"enum": "E"}}, "not both"),
        ({"type": "boolean", "const": True}, "'const' can be neither"),
        ({"type": "integer", "enum": [1, 1]}, "distinct"),
        ({"type": "integer", "enum": [1, True]}, "all of them int"),
        ({"type": "string", "format": "email"}, "format must be one of date-time, date, uuid"),
        ({"type": "string", "minLength": "1"}, "minLength must be a whole number from 0, not '1'"),
        ({"type": "string", "pattern": "("}, "pattern must be a regular expression"),
        ({"type": "number", "multipleOf": 0}, "multipleOf must be a number more than 0"),
        ({"type": "integer", "divisibleBy": 2}, "'divisibleBy' can be neither"),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, "exclusiveMinimum must be a number"),
        ({"type": "string", "$id": "x"}, "$id only at the root"),
        ({"type": ["string", "integer"], "x-avro": {"unit": "seconds"}}, "no meaning in a union"),
        ({"type": ["string", "integer"], "enum": ["x"]}, "cannot be expressed"),
        ({"type": "string", "enum": [], "x-avro": {"enum": "E"}}, "at least one"),
        ({"type": "string", "enum": ["a b"], "x-avro": {"enum": "E"}}, "distinct legal"),
        ({"type": "string", "enum": ["a-b", "a_b"], "x-avro": {"enum": "E"}}, "distinct legal"),
        ({"type": "string", "enum": [1], "x-avro": {"enum": "E"}}, "all of them str"),
        ({"type": "string", "enum": ["a"]}, 'x-avro needs an "enum"'),
        ({"type": "string", "enum": ["a"], "x-avro": {"enum": "E"}, "maxLength": 1}, "nowhere"),
        ({**BINARY, "maxLength": 1}, "nowhere"),
        ({"type": "string", "contentEncoding": "base64"}, "both"),
        ({"type": "string", "contentEncoding": "base32", "x-avro": {"type": "bytes"}}, "both"),
        ({"type": "string", "x-avro": {"logicalType": "uuid"}}, "no meaning for the type string"),
        ({"type": "integer", "x-avro": {"unit": "seconds"}}, "timestamp-millis, with"),
        ({"type": "integer", "x-avro": {"logicalType": "date"}}, "timestamp-millis, with"),
        ({"type": "integer", "x-avro": {"logicalType": "timestamp-millis"}}, "timestamp-millis, with"),
        ({"type": "integer", "x-avro": {"kind": 1}}, "x-avro has no 'kind'"),
        ({"type": "integer", "x-avro": 7}, "x-avro must be an object"),
        ({"type": "integer", "x-avro": []}, "x-avro must be an object"),
        (decimal(precision=2), "precision and scale"),
        (decimal(precision=39, scale=2), "at most 38 digits"),
        (decimal(precision=2, scale=3), "0 <= scale"),
        (decimal(precision=2, scale=2, rounding="up"), "half-even"),
        ({"type": "array"}, 'needs "items"'),
        ({"type": "object", "properties": {"b": {"type": "string"}}}, "x-avro needs a"),
        ({**object_of(b={"type": "string"}), "additionalProperties": True}, "must be closed"),
        ({**object_of(b={"type": "string"}), "additionalProperties": {"type": "string"}}, "not both"),
        (object_of("Thing"), "'Thing' is defined twice"),
        ({"type": "string", "pattern": "a", "oneOf": []}, "'oneOf'"),
        ({"$ref": "http://example.com/v1.json"}, "must name a file"),
    ],
)
def test_what_cannot_be_expressed_is_an_error(derived, node, why):
    with pytest.raises(DerivationError) as caught:
        derived({"a": node})
    assert caught.value.pointer == "/properties/a"
    assert caught.value.message.startswith("raw/thing/v1.json#/properties/a: ")
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("properties", "pointer", "why"),
    [
        ({"a-b": {"type": "string"}, "a_b": {"type": "string"}}, "/properties/a_b", "are both 'a_b' in Avro"),
        ({"9a": {"type": "string"}}, "/properties/9a", "no legal Avro name"),
        ({"": {"type": "string"}}, "/properties/", "no legal Avro name"),
        ({"a": {"type": "array", "items": [{"type": "string"}]}}, "/properties/a/items", "must be a JSON object"),
        ({"a": {"type": "array", "items": TIME}}, "/properties/a/items", "milliseconds in arrays and maps"),
        ({"a": object_of(), "b": object_of()}, "/properties/b", "'Inner' is defined twice"),
        ({"a": {"type": "array", "items": {"$ref": "#/properties/a"}}}, "/properties/a/items", "holds itself"),
        ({"a": object_of(b={"$ref": "#/properties/a"})}, "/properties/a/properties/b", "holds itself"),
        ({"a": {"$ref": "#/properties/b", "maxLength": 1}, "b": {"type": "string"}}, "/properties/a", "beside $ref"),
    ],
)
def test_an_error_names_the_place(derived, properties, pointer, why):
    with pytest.raises(DerivationError) as caught:
        derived(properties)
    assert caught.value.pointer == pointer
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"x-avro": {"record": "Thing"}}, '"namespace"'),
        ({"x-avro": {"record": "Thing", "namespace": "a-b"}}, '"namespace"'),
        ({"x-avro": {"namespace": "test"}}, '"record"'),
        ({"x-avro": {"record": "a-b", "namespace": "test"}}, '"record"'),
        ({"additionalProperties": True}, "must be closed"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "$schema must name one of"),
        ({"allOf": []}, "'allOf'"),
        ({"required": ["none"]}, "'none'"),
    ],
)
def test_what_is_wrong_with_the_root(write, document, change, why):
    with pytest.raises(DerivationError) as caught:
        derive(write({**document({"a": {"type": "string"}}), **change}))
    assert caught.value.pointer == ""
    assert why in caught.value.message


def test_two_versions_of_a_shared_record_in_one_schema(write, document, derived):
    shared = {**document({"x": {"type": "integer"}}), "x-avro": {"record": "Shared", "namespace": "test"}}
    write(shared, "raw/shared/v1.json")
    write(shared, "raw/shared/v2.json")
    with pytest.raises(DerivationError, match=r"two versions of test\.Shared"):
        derived({"a": {"$ref": "../shared/v1.json"}, "b": {"$ref": "../shared/v2.json"}})


def test_a_shared_record_without_a_version_in_its_name(write, document, derived):
    write(document({"x": {"type": "integer"}}), "raw/shared/newest.json")
    with pytest.raises(DerivationError, match=r"a file named v<N>\.json"):
        derived({"a": {"$ref": "../shared/newest.json"}})


def shared(document, record, **properties):
    return {**document(properties), "x-avro": {"record": record, "namespace": "test"}}


def test_files_that_hold_each_other(write, document):
    write(shared(document, "B", a={"$ref": "../a/v1.json"}), "raw/b/v1.json")
    file = write(shared(document, "A", b={"$ref": "../b/v1.json"}), "raw/a/v1.json")
    with pytest.raises(DerivationError, match=r"raw/b/v1\.json#/properties/a: a schema that holds itself"):
        derive(file)


def test_a_name_that_a_referenced_schema_defines_as_well(write, document, derived):
    write(shared(document, "B", x=object_of("Inner")), "raw/b/v1.json")
    with pytest.raises(DerivationError, match="'Inner' is defined twice"):
        derived({"a": object_of("Inner"), "b": {"$ref": "../b/v1.json"}})


def test_a_record_that_two_referenced_schemas_share(write, document, derived):
    write(shared(document, "Deep", x={"type": "integer"}), "raw/deep/v1.json")
    for name in ("B", "C"):
        write(shared(document, name, deep={"$ref": "../deep/v1.json"}), f"raw/{name.lower()}/v1.json")
    properties = {name: {"$ref": f"../{name}/v1.json"} for name in ("b", "c", "deep")}
    names = [reference["name"] for reference in derived(properties).schema["references"]]
    assert names == ["test.B", "test.C", "test.Deep"]


def test_two_versions_of_a_record_by_way_of_another(write, document, derived):
    for number in (1, 2):
        write(shared(document, "Deep", x={"type": "integer"}), f"raw/deep/v{number}.json")
    write(shared(document, "B", deep={"$ref": "../deep/v1.json"}), "raw/b/v1.json")
    with pytest.raises(DerivationError, match="'Deep' is defined twice"):
        derived({"b": {"$ref": "../b/v1.json"}, "deep": {"$ref": "../deep/v2.json"}})


def test_a_reference_from_one_draft_to_a_property_of_another(write, derived):
    write({"$schema": DRAFTS[1], "a": {"type": "string"}}, "raw/other/v1.json")
    with pytest.raises(DerivationError, match="from 2020-12 to draft-07: write both in one draft"):
        derived({"a": {"$ref": "../other/v1.json#/a"}})


def test_a_file_with_an_id_refers_to_no_other_file(write, document):
    write({"$schema": DRAFTS[2], "a": {"type": "string"}}, "raw/other/v1.json")
    content = {**document({"a": {"$ref": "../other/v1.json#/a"}}), "$id": "https://example.com/thing.json"}
    with pytest.raises(DerivationError, match=r"a file with '\$id' moves its \$refs"):
        derive(write(content))


@pytest.mark.parametrize("draft", DRAFTS)
def test_a_required_map(derived, draft):
    node = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert derived({"a": node}, draft=draft).schema["fields"][0]["type"] == {"type": "map", "values": "long"}


@pytest.mark.parametrize("required", [False, ["x"]])
def test_a_map_with_required_keys_is_an_error(derived, required):
    node = {"type": "object", "additionalProperties": {"type": "integer"}, "required": required}
    with pytest.raises(DerivationError, match="not both"):
        derived({"a": node})


def test_a_type_beside_a_reference_is_not_passed_over(derived):
    properties = {"a": {"type": "integer"}, "b": {"$ref": "#/properties/a", "x-avro": {"unit": "seconds"}}}
    with pytest.raises(DerivationError, match="x-avro 'unit' beside \\$ref has no meaning"):
        derived(properties)
