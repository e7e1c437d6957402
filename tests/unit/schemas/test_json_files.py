import pytest

from avrogate.errors import DerivationError
from schemas.json_files import follow, load


def error(function, *args):
    with pytest.raises(DerivationError) as caught:
        function(*args)
    return caught.value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "cannot be read"),
        ("[]", "must be a JSON object"),
        ('{"a": 1, "a": 1}', "the key 'a' is there twice"),
        ('{"x": {"b": 1, "b": 2}}', "the key 'b' is there twice"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_file_that_is_no_schema_is_named(write, text, why):
    found = error(load, write(text))
    assert why in found.message
    assert found.message.startswith("raw/thing/v1.json#: ") or found.source.endswith("thing/v1.json")


def test_a_file_that_is_not_there(tmp_path):
    assert "cannot be read" in error(load, tmp_path / "raw" / "none" / "v1.json").message


def test_bytes_that_are_not_utf_8(tmp_path):
    file = tmp_path / "v1.json"
    file.write_bytes(b'{"a": "\xff"}')
    assert "cannot be read" in error(load, file).message


def test_children_know_their_place(write):
    root = load(write({"properties": {"a/b~c": {"type": "string"}}}))
    child = root.child("properties", "a/b~c")
    assert child.pointer == "/properties/a~1b~0c"
    assert child.error("wrong").message == "json/raw/thing/v1.json#/properties/a~1b~0c: wrong".removeprefix("json/")


def test_a_child_that_is_no_object(write):
    found = error(load(write({"properties": {"a": 7}})).child, "properties", "a")
    assert found.pointer == "/properties/a"


def test_references_are_followed_through_files(write):
    write({"definitions": {"b": {"$ref": "#/definitions/c"}, "c": {"type": "string"}}}, "raw/other/v1.json")
    place = load(write({"properties": {"a": {"$ref": "../other/v1.json#/definitions/b"}}})).child("properties", "a")
    found = follow(place)
    assert (found.source, found.pointer) == ("raw/other/v1.json", "/definitions/c")


def test_a_place_without_a_reference_is_itself(write):
    root = load(write({"type": "object"}))
    assert follow(root) is root


def test_a_reference_with_escaped_names(write):
    root = load(write({"a": {"$ref": "#/definitions/x~1y~0z"}, "definitions": {"x/y~z": {"type": "null"}}}))
    assert follow(root.child("a")).node == {"type": "null"}


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("http://example.com/x.json", "must name a file beside this one"),
        ("file:///etc/passwd", "must name a file beside this one"),
        (7, "must name a file beside this one"),
        ("#/definitions/none", "leads nowhere"),
        ("#/definitions/list/0", "leads nowhere"),
        ("#/definitions/number", "must be a JSON object"),
        ("../none/v1.json#/x", "cannot be read"),
        ("#/properties/a", "goes round in a circle"),
        ("#/definitions/round", "goes round in a circle"),
    ],
)
def test_a_bad_reference_names_its_place(write, reference, why):
    definitions = {"list": [{}], "number": 7, "round": {"$ref": "#/properties/a"}}
    root = load(write({"properties": {"a": {"$ref": reference}}, "definitions": definitions}))
    assert why in error(follow, root.child("properties", "a")).message


@pytest.mark.parametrize("keyword", ["minimum", "type", "enum", "default"])
def test_a_keyword_beside_a_reference_that_drafts_disagree_about(write, keyword):
    root = load(write({"a": {"$ref": "#/b", keyword: 1}, "b": {"type": "integer"}}))
    found = error(follow, root.child("a"))
    assert repr(keyword) in found.message
    assert found.pointer == "/a"


@pytest.mark.parametrize("keyword", ["description", "required", "x-avro", "$comment", "title"])
def test_what_may_stand_beside_a_reference(write, keyword):
    root = load(write({"a": {"$ref": "#/b", keyword: True}, "b": {"type": "integer"}}))
    assert follow(root.child("a")).pointer == "/b"
