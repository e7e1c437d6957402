"""The straight-line code of a contract is the contract's objects: the same records, the same refusals.

Generated events of each schema, and each of them changed at each of its places in turn (`alike.py`).
"""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conftest import by_path
from schemas.contract import compile_contract
from schemas.contract.quick import quick_check, quick_record

ALIKE = by_path(Path(__file__).with_name("alike.py"))
SCHEMAS, EXAMPLES, CHANGES = ALIKE.SCHEMAS, ALIKE.EXAMPLES, ALIKE.CHANGES
schema_of, variants, seen, outcome = ALIKE.schema_of, ALIKE.variants, ALIKE.seen, ALIKE.outcome

each_schema = pytest.mark.parametrize("name", SCHEMAS)


@cache
def contract_of(name):
    contract = compile_contract(schema_of(name))
    return contract, contract.root, quick_record(contract.root), quick_check(contract.root)


def alike(contract, root, event):
    assert outcome(contract.to_record, event) == outcome(root.from_json, event, None)
    mine, theirs = ["before"], ["before"]
    assert outcome(contract.to_record, event, mine) == outcome(root.from_json, event, theirs)
    assert mine == theirs


@each_schema
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
def test_each_change_of_an_event_is_judged_alike(name, data, generated_events):
    contract, root, quick, _ = contract_of(name)
    event = data.draw(generated_events.valid_events(schema_of(name)))
    before = seen(event)
    assert seen(quick(event)) == seen(root.from_json(event, None))  # it does say yes
    others = list(variants(event))
    assert len(others) >= CHANGES
    for other in others:
        alike(contract, root, other)
    assert seen(event) == before


@each_schema
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
def test_each_change_of_a_record_is_judged_alike(name, data, generated_events):
    contract, root, _, quick = contract_of(name)
    record = root.from_json(data.draw(generated_events.valid_events(schema_of(name))), None)
    assert quick(record)
    others = list(variants(record))
    assert len(others) >= CHANGES
    for other in others:
        assert outcome(contract.check, other) == outcome(root.check, other)


@each_schema
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_event_is_judged_alike(name, data, generated_events):
    contract, root, _, _ = contract_of(name)
    alike(contract, root, data.draw(generated_events.any_events(schema_of(name))))


def test_a_default_is_not_shared():
    field = {"name": "a", "json-name": "a", "json-optional": True, "default": [], "type": {"type": "array"}}
    field["type"]["items"] = "string"
    contract = compile_contract({"type": "record", "name": "R", "fields": [field]})
    contract.to_record({})["a"].append("x")
    assert contract.to_record({}) == {"a": []}


def test_a_schema_that_names_one_record_often_and_deep_is_not_written_out_each_time():
    """Twenty levels of a record that has the next one three times: 3^20 places."""
    schema = {"type": "record", "name": "R0", "fields": [{"name": "x", "json-name": "x", "type": "long"}]}
    event = {"x": 1}
    for level in range(1, 21):
        fields = [{"name": "a", "json-name": "a", "type": schema}]
        fields += [{"name": one, "json-name": one, "type": ["null", f".R{level - 1}"]} for one in "bc"]
        schema = {"type": "record", "name": f"R{level}", "fields": fields}
        event = {"a": copy.deepcopy(event), "c": {"x": 1}} if level == 1 else {"a": event}
    contract = compile_contract(json.loads(json.dumps(schema)))
    record = contract.to_record(event)
    assert record == contract.root.from_json(event, None)
    contract.check(record)


def test_lists_of_lists_of_lists():
    """Python nests twenty loops at most."""
    kind = "long"
    for _ in range(30):
        kind = {"type": "array", "items": kind}
    fields = [{"name": "a", "json-name": "a", "type": kind}]
    contract = compile_contract({"type": "record", "name": "R", "fields": fields})
    event = json.loads('{"a": ' + "[" * 30 + "1" + "]" * 30 + "}")
    assert contract.to_record(event) == event
    contract.check(event)


def test_no_name_of_a_schema_is_code():
    evil = "x'); raise SystemExit('"
    fields = [{"name": evil, "json-name": evil, "type": "string", "contract": {"pattern": "'\\)"}}]
    contract = compile_contract({"type": "record", "name": evil, "fields": fields})
    record = contract.to_record({evil: "')"})
    assert record == {evil: "')"}
    contract.check(record)
