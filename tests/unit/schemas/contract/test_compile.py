import pytest

from avrogate.errors import CatalogError, InvalidEvent
from schemas.contract import compile_contract


def record(*fields):
    return {
        "type": "record",
        "name": "R",
        "namespace": "n",
        "fields": [{"name": name, "json-name": name, "type": kind} for name, kind in fields],
    }


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("int", "Avro type 'int'"),
        ("n.Unknown", "Avro type 'n.Unknown'"),
        (["string", "double"], "a union is of"),
        (["null", "string", "long", "double"], "a union is of"),
        (["string", "string"], "a union is of"),
        ({"type": "fixed", "name": "F", "size": 4}, "Avro type 'fixed'"),
    ],
)
def test_a_schema_that_no_derivation_makes(kind, why):
    with pytest.raises(CatalogError, match=why):
        compile_contract(record(("a", kind)))


def test_a_record_is_named_again_by_its_full_name():
    inner = {"type": "record", "name": "I", "fields": [{"name": "x", "json-name": "x", "type": "long"}]}
    contract = compile_contract(record(("a", inner), ("b", ["null", "n.I"])))
    assert contract.to_record({"a": {"x": 1}, "b": {"x": 2}}) == {"a": {"x": 1}, "b": {"x": 2}}


def test_a_record_with_a_namespace_of_its_own_is_named_by_it():
    inner = {"type": "record", "name": "I", "namespace": "other", "fields": []}
    assert compile_contract(record(("a", inner), ("b", "other.I"))).to_record({"a": {}, "b": {}})


def test_paths(catalog):
    contract = compile_contract(catalog.newest("events-raw", "match").resolved)
    assert contract.json_path(["user_b_postmatch_info", "level_after_match"]) == (
        "user-b-postmatch-info.level-after-match"
    )
    assert contract.json_path(["user_a"]) == "user-a"
    assert contract.has(["user_a_postmatch_info"])
    for nowhere in (["user-a"], ["winner", "x"], ["user_a_postmatch_info", "x"], ["country"]):
        assert contract.json_path(nowhere) is None
        assert not contract.has(nowhere)


def test_the_constraints_of_the_shipped_match_are_enforced(catalog):
    """The one correction of the source: game-tier is 1 to 5."""
    contract = compile_contract(catalog.newest("events-raw", "match").resolved)
    info = {"coin-balance-after-match": 0, "level-after-match": 0, "device": "d", "platform": "p"}
    event = {
        "event-type": "match",
        "time": 0,
        "user-a": "a",
        "user-b": "b",
        "user-a-postmatch-info": info,
        "winner": "a",
        "duration": 0,
    }
    for tier in range(1, 6):
        assert contract.to_record({**event, "game-tier": tier})["game_tier"] == tier
    for tier in (0, 6):
        with pytest.raises(InvalidEvent, match=rf"^game-tier: {tier} is "):
            contract.to_record({**event, "game-tier": tier})


def test_paths_lead_through_a_record_that_may_be_null():
    inner = {"type": "record", "name": "I", "fields": [{"name": "x_y", "json-name": "x-y", "type": "long"}]}
    schema = record(("a", ["null", inner]))
    schema["fields"][0]["json-null"] = True
    contract = compile_contract(schema)
    assert contract.json_path(["a", "x_y"]) == "a.x-y"
    assert contract.to_event(contract.to_record({"a": None})) == {"a": None}


def test_an_enum_is_named_again_by_its_full_name():
    kind = {"type": "enum", "name": "E", "symbols": ["a_b"], "json-symbols": {"a_b": "a-b"}}
    contract = compile_contract(record(("a", kind), ("b", {"type": "array", "items": "n.E"})))
    assert contract.to_record({"a": "a-b", "b": ["a-b"]}) == {"a": "a_b", "b": ["a_b"]}


def test_null_is_one_of_an_optional_fields_values_only_if_the_schema_says_so():
    schema = record(("a", ["null", "string"]))
    schema["fields"][0]["default"] = None
    with pytest.raises(InvalidEvent, match="a: null is not a string"):
        compile_contract(schema).to_record({"a": None})
    schema["fields"][0] |= {"json-null": True, "json-optional": True}
    assert compile_contract(schema).to_record({"a": None}) == compile_contract(schema).to_record({}) == {"a": None}
