"""What can be derived is held by the encoder as `jsonschema` understands it, in each draft.

One event in three drafts (`three_drafts/`): the same Avro, and for each value of a field the same verdict.
"""

import json
from decimal import Decimal
from pathlib import Path

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from avrogate.errors import InvalidEvent
from schemas.contract import compile_contract
from schemas.contract.formats import FORMATS, is_date_time
from schemas.derive import STRICTER, derive
from schemas.validate import validator

FOLDER = Path(__file__).parent / "three_drafts"
DRAFTS = ("draft-03", "draft-07", "2020-12")
EVENT = {
    "event-type": "level-up",
    "revision": 2,
    "time": 1_735_689_600,
    "user-id": "u1",
    "price": Decimal("9.95"),
    "comment": None,
    "home": {"x": 1},
}
NOTHING = object()
VALUES = [
    NOTHING, None, True, False, 0, 1, 2, 100, 101, -1, 2**63, Decimal("0.05"), Decimal("0.07"), Decimal("0.005"),
    "", "u", "level-up", "level_up", "left", "a" * 51, "2024-02-29", "2025-02-29", "2025-01-31T12:00:00Z",
    "2025-01-31T24:00:00Z", "0f8fad5b-d9cb-469f-a165-70867728950e", "\ud800", [], ["a"], ["a", "a"], ["A"],
    ["a", None], list("abcd"), {}, {"a": 1}, {"a": None}, {"a": 101}, {"a": "x"}, {"x": 1}, {"x": 1, "note": "n"},
    {"x": None}, {"x": 1, "note": "N"},
]  # fmt: skip


@pytest.mark.parametrize("draft", DRAFTS)
def test_one_event_in_three_drafts_is_the_same_avro(draft):
    assert derive(FOLDER / f"{draft}.json").text() == (FOLDER / "derived.avsc").read_text(encoding="utf-8")
    fastavro.parse_schema(json.loads((FOLDER / "derived.avsc").read_text(encoding="utf-8")))


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_encoder_and_json_schema_judge_alike(draft):
    file = FOLDER / f"{draft}.json"
    by_schema, schema = validator(file), derive(file).schema
    contract = compile_contract(schema)
    for name in [field["json-name"] for field in schema["fields"]]:
        for value in VALUES:
            event = {**EVENT, name: value}
            if value is NOTHING:
                del event[name]
            accepted = by_schema.is_valid(event)
            try:
                record = contract.to_record(event)
            except InvalidEvent as error:
                assert not accepted or error.reason in STRICTER, (name, value, error.message)
            else:
                assert accepted, (name, value)
                contract.check(record)
                fastavro.validate(record, _writable(schema))
                assert by_schema.is_valid(contract.to_event(record))


def _writable(schema):
    text = json.dumps(schema).replace('"logicalType": "timestamp-millis"', '"unit": "ms"')
    return fastavro.parse_schema(json.loads(text))


def test_defaults_are_written_where_a_field_is_absent():
    contract = compile_contract(derive(FOLDER / "2020-12.json").schema)
    first, second = contract.to_record(EVENT), contract.to_record(EVENT)
    assert (first["won"], first["tags"]) == (False, [])
    first["tags"].append("mine")
    assert second["tags"] == []
    assert contract.to_event(second) == {**EVENT, "won": False, "tags": []}


def test_null_that_is_required_comes_back_and_null_that_may_be_absent_is_absent():
    contract = compile_contract(derive(FOLDER / "2020-12.json").schema)
    event = contract.to_event(contract.to_record({**EVENT, "comment": None, "side": None, "scores": {"a": None}}))
    assert event["comment"] is None
    assert "side" not in event
    assert event["scores"] == {"a": None}
    with pytest.raises(InvalidEvent, match="comment: is missing"):
        contract.to_record({name: value for name, value in EVENT.items() if name != "comment"})


@pytest.mark.parametrize("name", ["date", "uuid"])
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_formats_as_another_library_judges_them(name, data):
    good = (st.dates() if name == "date" else st.uuids()).map(str)
    text = data.draw(st.one_of(good, good.flatmap(_scratched)))
    other = Draft202012Validator({"format": name}, format_checker=FormatChecker([name]))
    assert FORMATS[name](text) is other.is_valid(text)


def _scratched(text):
    places = st.integers(0, len(text) - 1)
    return st.builds(
        lambda at, new: text[:at] + new + text[at + 1 :], places, st.sampled_from("019-afg")
    )  # no spaces: Python's UUID takes them


@given(st.datetimes(timezones=st.timezones()).map(lambda when: when.replace(second=when.second)))
def test_every_point_in_time_is_a_date_time(when):
    offset = when.strftime("%z")
    text = when.replace(tzinfo=None).isoformat() + (f"{offset[:3]}:{offset[3:5]}" if offset else "Z")
    assert is_date_time(text)


@pytest.mark.parametrize(
    "text",
    ["", "2025-01-31", "2025-01-31T12:00:00", "2025-01-31T12:00Z", "2025-13-31T12:00:00Z", "2025-01-31T12:60:00Z",
     "2025-01-31T12:00:00+25:00", "2025-01-31T12:00:00.Z", "２０２５-01-31T12:00:00Z", "2025-01-31T12:00:00Z\n"],
)  # fmt: skip
def test_what_is_no_date_time(text):
    assert not is_date_time(text)
