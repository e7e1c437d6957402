from types import MappingProxyType

import pytest

from avrogate.errors import InvalidEvent

PLAYER = {
    "type": "object",
    "x-avro": {"record": "Player"},
    "additionalProperties": False,
    "properties": {"coin-balance": {"type": "integer", "minimum": 0}, "device": {"type": "string"}},
    "required": ["coin-balance"],
}
EVENT = {
    "player-a": PLAYER,
    "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}, "maxItems": 2, "uniqueItems": True},
    "ids": {"type": "array", "items": {"type": ["string", "integer"], "minimum": 1}},
    "teams": {"type": "array", "items": {**PLAYER, "x-avro": {"record": "Team"}}},
    "scores": {"type": "object", "additionalProperties": {"type": "integer", "maximum": 9}},
}
GOOD = {
    "player-a": {"coin-balance": 5, "device": "phone"},
    "tags": ["a", "b"],
    "ids": ["a", 7],
    "teams": [{"coin-balance": 1}, {"coin-balance": 2, "device": "x"}],
    "scores": {"x-y": 1, "": 9},
}
POOR = {"coin_balance": -1, "device": None}


@pytest.fixture
def event_contract(contract):
    return contract(EVENT, required=["player-a"])


def refusal(function, *args):
    with pytest.raises(InvalidEvent) as caught:
        function(*args)
    return caught.value


def test_names_change_at_every_depth_and_back(event_contract):
    record = event_contract.to_record(GOOD)
    assert record == {
        "player_a": {"coin_balance": 5, "device": "phone"},
        "tags": ["a", "b"],
        "ids": ["a", 7],
        "teams": [{"coin_balance": 1, "device": None}, {"coin_balance": 2, "device": "x"}],
        "scores": {"x-y": 1, "": 9},
    }
    event_contract.check(record)
    assert event_contract.to_event(record) == GOOD


def test_what_is_absent_is_none_and_absent_again(event_contract):
    event = {"player-a": {"coin-balance": 0}}
    record = event_contract.to_record(event)
    assert record["tags"] is record["scores"] is record["player_a"]["device"] is None
    event_contract.check(record)
    assert event_contract.to_event(record) == event


def test_any_mapping_and_tuples_will_do(event_contract):
    event = MappingProxyType({"player-a": MappingProxyType({"coin-balance": 0}), "tags": ("a",)})
    assert event_contract.to_record(event)["tags"] == ["a"]


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"player-a": None}, "wrong-type", "player-a"),
        ({"player-a": {}}, "missing-field", "player-a.coin-balance"),
        ({"player-a": {"coin-balance": -1}}, "out-of-bounds", "player-a.coin-balance"),
        ({"player-a": {"coin_balance": 1}}, "unknown-field", "player-a.coin_balance"),
        ({"player-a": {"coin-balance": 1, "x": 1}}, "unknown-field", "player-a.x"),
        ({"player-a": {"coin-balance": 1, "device": None}}, "wrong-type", "player-a.device"),
        ({"stray": 1}, "unknown-field", "stray"),
        ({"tags": None}, "wrong-type", "tags"),
        ({"tags": "ab"}, "wrong-type", "tags"),
        ({"tags": ["a", "abcd"]}, "out-of-bounds", "tags.1"),
        ({"tags": ["a", "b", "c"]}, "out-of-bounds", "tags"),
        ({"tags": ["a", "a"]}, "out-of-bounds", "tags"),
        ({"ids": ["a", 0]}, "out-of-bounds", "ids.1"),
        ({"ids": [True]}, "wrong-type", "ids.0"),
        ({"teams": [{"coin-balance": 1}, {"coin-balance": "1"}]}, "wrong-type", "teams.1.coin-balance"),
        ({"scores": []}, "wrong-type", "scores"),
        ({"scores": {"a": 1, "b": 10}}, "out-of-bounds", "scores.b"),
        ({"scores": {"\ud800": 1}}, "invalid-text", "scores.\ud800"),
    ],
)
def test_an_error_names_its_place(event_contract, change, reason, field):
    error = refusal(event_contract.to_record, {**GOOD, **change})
    assert (error.reason, error.field) == (reason, field)
    assert error.message == f"{field}: {error.bare}"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"player_a": POOR}, "player-a.coin-balance"),
        ({"tags": ["a", "abcd"]}, "tags.1"),
        ({"tags": ["a", "a"]}, "tags"),
        ({"ids": [1, 0]}, "ids.1"),
        ({"teams": [POOR]}, "teams.0.coin-balance"),
        ({"scores": {"b": 10}}, "scores.b"),
    ],
)
def test_an_error_in_a_record_names_its_place_in_json(event_contract, change, field):
    record = {**event_contract.to_record(GOOD), **change}
    error = refusal(event_contract.check, record)
    assert (error.reason, error.field) == ("out-of-bounds", field)


@pytest.mark.parametrize("event", [None, 7, "x", [], [GOOD]])
def test_what_is_no_object_is_refused_as_a_whole(event_contract, event):
    error = refusal(event_contract.to_record, event)
    assert (error.reason, error.field) == ("wrong-type", None)


def test_unknown_fields_are_dropped_and_named_by_their_path(event_contract):
    event = {
        "stray": 1,
        "player-a": {"coin-balance": 1, "x": {"deep": 1}, "y": 2},
        "teams": [{"coin-balance": 1, "z": 1}, {"coin-balance": 1, "z": 1}],
    }
    dropped = ["from before"]
    record = event_contract.to_record(event, dropped)
    assert sorted(dropped) == ["from before", "player-a.x", "player-a.y", "stray", "teams.z", "teams.z"]
    clean = {"player-a": {"coin-balance": 1}, "teams": [{"coin-balance": 1}, {"coin-balance": 1}]}
    assert record == event_contract.to_record(clean)


def test_only_unknown_fields_are_dropped(event_contract):
    error = refusal(event_contract.to_record, {"stray": 1, "player-a": {"coin-balance": -1}}, [])
    assert error.field == "player-a.coin-balance"
