import pytest

from avrogate.errors import DerivationError
from schemas.drafts import check_keywords, constraints, draft_of, required_of, types_of
from schemas.json_files import load

from_uri = {
    "draft-03": "http://json-schema.org/draft-03/schema#",
    "draft-07": "http://json-schema.org/draft-07/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}


@pytest.mark.parametrize(("draft", "uri"), from_uri.items())
def test_the_draft_is_read_from_the_schema(write, draft, uri):
    root = load(write({"$schema": uri, "a": {}}))
    assert draft_of(root) == draft_of(root.child("a")) == draft


@pytest.mark.parametrize("uri", [None, "", "http://json-schema.org/draft-04/schema#"])
def test_an_unknown_draft_is_an_error(write, uri):
    root = load(write({} if uri is None else {"$schema": uri}))
    with pytest.raises(DerivationError, match="must name one of draft-03, draft-07, 2020-12"):
        draft_of(root)


def test_required_is_a_boolean_in_draft_3(write):
    properties = {"a": {"required": True}, "b": {"required": False}, "c": {}}
    required = required_of(load(write({"$schema": from_uri["draft-03"], "properties": properties})))
    assert [required(name) for name in "abc"] == [True, False, False]


def test_a_required_that_validators_read_differently_is_an_error(write):
    required = required_of(load(write({"$schema": from_uri["draft-03"], "properties": {"a": {"required": "true"}}})))
    with pytest.raises(DerivationError, match="required must be true or false in draft-03"):
        required("a")


def test_required_is_a_list_later(write):
    content = {"$schema": from_uri["2020-12"], "properties": {"a": {}, "b": {}}, "required": ["b"]}
    required = required_of(load(write(content)))
    assert [required(name) for name in "ab"] == [False, True]


@pytest.mark.parametrize(
    ("required", "why"), [(True, "must be a list"), (["none"], "'none', which is not among the properties")]
)
def test_a_wrong_required(write, required, why):
    content = {"$schema": from_uri["draft-07"], "properties": {"a": {}}, "required": required}
    with pytest.raises(DerivationError, match=why):
        required_of(load(write(content)))


@pytest.mark.parametrize(
    ("written", "expected"), [("string", ["string"]), (["string", "integer"], ["string", "integer"]), (None, [])]
)
def test_types_are_a_list(write, written, expected):
    assert types_of(load(write({} if written is None else {"type": written}))) == expected


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": True}, {"exclusiveMaximum": 1}),
        ({"exclusiveMinimum": 0, "minimum": 0}, {"exclusiveMinimum": 0, "minimum": 0}),
        ({"divisibleBy": 5}, {"multipleOf": 5}),
        ({"minLength": 5}, {}),
        ({"minimum": 0, "title": "t"}, {"minimum": 0}),
    ],
)
def test_constraints_have_one_form(write, node, expected):
    assert constraints(load(write({"type": "integer", **node}))) == expected


def test_an_exclusive_bound_without_its_bound(write):
    with pytest.raises(DerivationError, match="exclusiveMinimum needs a minimum"):
        constraints(load(write({"type": "integer", "exclusiveMinimum": True})))


@pytest.mark.parametrize(
    ("kind", "node"),
    [
        ("string", {"minimum": 1}),
        ("integer", {"format": "uuid"}),
        ("integer", {"maxLength": 1}),
        ("number", {"enum": [1]}),
        ("string", {"oneOf": []}),
        ("object", {"patternProperties": {}}),
        ("object", {"minProperties": 1}),
        ("string", {"required": True}),
        ("string", {"x-avro": {"logicaltype": "uuid"}}),
    ],
)
def test_a_keyword_that_nobody_would_enforce_is_an_error(write, kind, node):
    place = load(write({"$schema": from_uri["2020-12"], "a": {"type": kind, **node}})).child("a")
    with pytest.raises(DerivationError) as caught:
        check_keywords(place, kind)
    assert caught.value.pointer == "/a"
    assert repr(next(iter(node.get("x-avro", node)))) in caught.value.message


@pytest.mark.parametrize(
    ("kind", "node"),
    [
        ("string", {"maxLength": 1, "pattern": "a", "title": "t", "$comment": "c"}),
        ("number", {"multipleOf": 1}),
        ("array", {"items": {}, "uniqueItems": True}),
        (["string", "integer"], {"minimum": 1, "minLength": 1}),
    ],
)
def test_keywords_that_are_enforced_pass(write, kind, node):
    root = load(write({"$schema": from_uri["2020-12"], "type": kind, **node}))
    check_keywords(root, "thing")
