from decimal import Decimal

import pytest

from avrogate.errors import DerivationError
from schemas.validate import parse, validator, violations

MONEY = {"type": "number", "multipleOf": 0.01, "minimum": 0.1, "maximum": 0.3}


def test_numbers_are_exact():
    assert parse('{"a": 0.1, "b": 7}') == {"a": Decimal("0.1"), "b": 7}


@pytest.mark.parametrize(
    ("text", "valid"),
    [("0.1", True), ("0.30", True), ("0.29", True), ("0.099999", False), ("0.301", False), ("0.299", False)],
)
def test_bounds_with_decimals_are_exact(write, document, text, valid):
    file = write(document({"a": MONEY}))
    assert validator(file).is_valid({"a": Decimal(text)}) is valid


def test_multiples_of_large_numbers_are_exact(write, document):
    file = write(document({"a": {"type": "number", "multipleOf": 0.25}}))
    assert validator(file).is_valid({"a": Decimal("1e30")})
    assert not validator(file).is_valid({"a": Decimal("1000000000000000000000000000000.1")})


def test_a_violation_names_its_place(write, document):
    inner = document({"b": {"type": "string"}})
    del inner["$schema"]
    file = write(document({"a": {"type": "array", "items": inner}}))
    assert list(violations(file, {"a": [{"b": "x"}, {"b": 7}]})) == ["a.1.b: 7 is not of type 'string'"]
    assert list(violations(file, {})) == ["'a' is a required property"]
    assert list(violations(file, {"a": []})) == []


def test_references_lead_to_files_beside_it(write, document):
    write({"$schema": "http://json-schema.org/draft-03/schema#", "a": {"type": "integer"}}, "raw/o ther/v1.json")
    file = write(document({"a": {"$ref": "../o%20ther/v1.json#/a"}}))
    assert validator(file).is_valid({"a": 1})
    assert not validator(file).is_valid({"a": "1"})


@pytest.mark.parametrize("node", [{"type": "integer", "minimum": "0"}, {"type": "strange"}, {"minLength": -1}])
def test_what_is_no_json_schema_is_named(write, document, node):
    with pytest.raises(DerivationError, match=r"raw/thing/v1\.json#: not a JSON Schema: .* at \$\.properties\.a"):
        validator(write(document({"a": node})))


def test_draft_3_takes_required_beside_a_reference(catalog):
    file = catalog.newest("events-raw", "match").json_file
    assert any("'time'" in one or "time" in one for one in violations(file, {"event-type": "match"}))


def test_draft_3_objects_are_closed_in_referenced_files(catalog):
    file = catalog.newest("events-raw", "match").json_file
    event = {"user-a-postmatch-info": {"stray": 1}}
    assert any("stray" in one for one in violations(file, event))
