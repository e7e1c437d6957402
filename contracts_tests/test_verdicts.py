"""JSON Schema and the encoder judge alike: what the encoder accepts JSON Schema accepts.

The converse holds but for the reasons that `schemas.check.STRICTER` lists.
"""

from __future__ import annotations

import os
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avrogate.errors import InvalidEvent
from schemas.catalog import load_catalog
from schemas.check import STRICTER
from schemas.contract import compile_contract
from schemas.json_events import event_text
from schemas.validate import parse, validator

EVENTS = int(os.environ.get("AVROGATE_CONTRACT_EVENTS", "100"))  # for each schema
CATALOG = load_catalog()

each_schema = pytest.mark.parametrize("version", CATALOG.versions, ids=str)
many = settings(
    max_examples=EVENTS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@cache
def judges(version):
    return validator(version.json_file), compile_contract(version.resolved)


@each_schema
@many
@given(data=st.data())
def test_both_judge_alike(version, generated_events, data):
    by_schema, contract = judges(version)
    event = data.draw(generated_events.any_events(version.resolved))
    accepted = by_schema.is_valid(event)
    try:
        record = contract.to_record(event)
    except InvalidEvent as error:
        assert not accepted or error.reason in STRICTER, f"only the encoder refuses: {error.message}"
    else:
        assert accepted, f"only JSON Schema refuses: {next(by_schema.iter_errors(event)).message}"
        contract.check(record)


@each_schema
@many
@given(data=st.data())
def test_both_accept_what_is_meant_to_be_valid(version, generated_events, data):
    by_schema, contract = judges(version)
    event = data.draw(generated_events.valid_events(version.resolved))
    record = contract.to_record(event)
    assert by_schema.is_valid(event)
    contract.check(record)
    assert contract.to_event(record) == event
    assert parse(event_text(event)) == event
