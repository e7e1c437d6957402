"""The straight-line code that writes records writes what fastavro writes, and leaves to it what it would refuse.

For the schemas and the changes of `alike.py`, and for types that no contract has.
"""

from __future__ import annotations

import io
from decimal import Decimal
from functools import cache
from pathlib import Path

import fastavro
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from conftest import by_path
from schemas.codec import parsed
from schemas.contract import compile_contract
from schemas.encoding import compile_encode
from schemas.writing import compile_write, number_writer

ALIKE = by_path(Path(__file__).with_name("alike.py"))
PREFIX = b"\0\0\0\0\7"
INNER = {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": "long"}]}
KIND = {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}

each_schema = pytest.mark.parametrize("name", ALIKE.SCHEMAS)


@cache
def both(name):
    schema = ALIKE.schema_of(name)
    return compile_contract(schema), compile_write(schema, PREFIX), parsed(schema).schema


def by_fastavro(schema, record):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, record)
    return PREFIX + out.getvalue()


def changed(record):
    """But for a number of a million digits, which fastavro and our decimals take seconds to write."""
    return [other for other in ALIKE.variants(record) if "E+999999" not in repr(other)]


def compare(quick, schema, record):
    """What the code writes fastavro writes; of what fastavro refuses it writes nothing."""
    mine = quick(record)
    if mine is not None:
        assert mine == by_fastavro(schema, record)


@each_schema
@settings(
    max_examples=ALIKE.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(data=st.data())
def test_what_is_written_is_what_fastavro_writes(name, data, generated_events):
    contract, quick, schema = both(name)
    record = contract.to_record(data.draw(generated_events.valid_events(ALIKE.schema_of(name))))
    assert quick(record) == by_fastavro(schema, record)  # it does write
    others = changed(record)
    assert len(others) >= ALIKE.CHANGES
    for other in others:
        compare(quick, schema, other)


@each_schema
@settings(
    max_examples=ALIKE.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(data=st.data())
def test_an_event_in_one_go_is_its_record_written(name, data, generated_events):
    contract, _, schema = both(name)
    encode = compile_encode(contract.root, ALIKE.schema_of(name), PREFIX)
    event = data.draw(generated_events.valid_events(ALIKE.schema_of(name)))
    assert encode(event) == by_fastavro(schema, contract.root.from_json(event, None))
    others = list(ALIKE.variants(event))
    assert len(others) >= ALIKE.CHANGES
    for other in others:
        mine = encode(other)
        if mine is not None:
            assert mine == by_fastavro(schema, contract.root.from_json(other, None))


@given(st.integers(-(2**63), 2**63 - 1) | st.builds(pow, st.just(2), st.integers(0, 62)))
@example(0)
@example(-1)
@example(2**63 - 1)
@example(-(2**63))
def test_numbers(number):
    for one in (number, -number, number - 1):
        if -(2**63) <= one < 2**63:
            assert PREFIX + number_writer()(one) == by_fastavro("long", one)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, -(2**64), 10**400, -(10**400)])
def test_numbers_of_more_than_64_bits(number):
    with pytest.raises(ValueError, match="64 bits"):
        number_writer()(number)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (["null", INNER], {"x": 1}),
        (["null", INNER, "string"], {"x": 2**40}),
        ({"type": "array", "items": INNER}, [{"x": 1}, {"x": -1}]),
        ({"type": "array", "items": {"type": "array", "items": "null"}}, [[None, None], []]),
        ({"type": "map", "values": {"type": "map", "values": ["null", KIND]}}, {"é": {"a": "B", "b": None}, "": {}}),
        (["null", "boolean", "double", "bytes", KIND], 1.5),
        ([KIND, "long"], "A"),
        ({"type": "record", "name": "Empty", "fields": []}, {}),
        ("string", "x" * 1023 + "é"),
        ("bytes", b"x" * 70_000),
        ({"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 3}, Decimal("-32.768")),
    ],
)
def test_each_type(kind, value):
    schema = {"type": "record", "name": "R", "namespace": "n", "fields": [{"name": "a", "type": kind}]}
    quick, plain = compile_write(schema, PREFIX), parsed(schema).schema
    assert quick({"a": value}) == by_fastavro(plain, {"a": value})
    for other in changed({"a": value}):
        compare(quick, plain, other)


def test_a_branch_that_the_record_names_itself_is_left_to_fastavro():
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", INNER]}]}
    assert compile_write(schema, PREFIX)({"a": {"-type": "Other", "x": 1}}) is None


@pytest.mark.parametrize(
    "kind",
    [
        "int",
        "float",
        {"type": "fixed", "name": "F", "size": 4},
        ["string", KIND],
        ["long", "double"],
        {"type": "string", "logicalType": "uuid"},
        ["null", "R"],
    ],
)
def test_what_is_left_to_fastavro(kind):
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": kind}]}
    assert compile_write(schema, PREFIX)({"a": None}) is None
