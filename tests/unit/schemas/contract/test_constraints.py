"""Each constraint on its own, and held against the `jsonschema` library's verdict."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from avrogate.errors import InvalidEvent
from schemas.contract.constraints import ALL, ENFORCED, compile_checks
from schemas.drafts import CONSTRAINTS

TEXTS = st.text(alphabet="abcé🎮", max_size=8)
NUMBERS = st.integers(-50, 50) | st.decimals(-50, 50, places=2)
DIVISORS = st.sampled_from([1, 3, 7, Decimal("0.01"), Decimal("0.5"), Decimal("2.50")])
LIMITS = st.integers(0, 6)


def message(constraint, value):
    try:
        compile_checks(constraint, ALL)(value)
    except InvalidEvent as error:
        assert error.reason == "out-of-bounds"
        return error.bare
    return None


@pytest.mark.parametrize(
    ("constraint", "good", "bad", "says"),
    [
        ({"minLength": 2}, "éé", "é", "1 characters, at least 2 needed"),
        ({"maxLength": 2}, "🎮🎮", "🎮🎮🎮", "3 characters, at most 2 allowed"),
        ({"pattern": "^[a-z]+$"}, "abc", "aBc", "does not match the pattern ^[a-z]+$"),
        ({"pattern": "b"}, "abc", "ac", "does not match the pattern b"),
        ({"minimum": 0}, 0, -1, "-1 is less than 0"),
        ({"maximum": 5}, 5, 6, "6 is more than 5"),
        ({"maximum": 0.1}, Decimal("0.1"), Decimal("0.10000000000000000001"), "is more than 0.1"),
        ({"exclusiveMinimum": 0}, Decimal("0.01"), 0, "0 is not more than 0"),
        ({"exclusiveMaximum": 1}, Decimal("0.99"), 1, "1 is not less than 1"),
        ({"multipleOf": 5}, -10, 11, "11 is not a multiple of 5"),
        ({"multipleOf": 0.01}, Decimal("19.99"), Decimal("19.999"), "19.999 is not a multiple of 0.01"),
        ({"multipleOf": 0.01}, Decimal(10**40), Decimal("1E-3"), "0.001 is not a multiple of 0.01"),
        ({"enum": [1, 3]}, 3, 2, "2 is not one of 1, 3"),
        ({"format": "date"}, "2024-02-29", "2025-02-29", "is not of the format date"),
        ({"format": "uuid"}, "0f8fad5b-d9cb-469f-A165-70867728950e", "0f8fad5bd9cb469fa16570867728950e", "uuid"),
        ({"format": "date-time"}, "2025-01-31T12:00:00.5+01:00", "2025-01-31 12:00:00Z", "date-time"),
        ({"minItems": 1}, [1], [], "0 items, at least 1 needed"),
        ({"maxItems": 1}, [1], [1, 2], "2 items, at most 1 allowed"),
        ({"uniqueItems": True}, [1, 2], [1, 2, 1], "1 is there twice"),
        ({"uniqueItems": False}, [1, 1], None, ""),
    ],
)
def test_each_constraint(constraint, good, bad, says):
    assert message(constraint, good) is None
    if bad is not None:
        assert says in message(constraint, bad)


def test_every_constraint_that_a_derivation_lets_through_is_enforced():
    known = set().union(*CONSTRAINTS.values()) - {"divisibleBy"}  # written as multipleOf
    assert known | {"enum"} == ALL.keys()
    for kind, keywords in CONSTRAINTS.items():
        assert keywords - {"divisibleBy"} <= ENFORCED.get(kind, {}).keys()


def test_constraints_of_other_kinds_do_not_apply():
    compile_checks({"minimum": 3, "items": {"minimum": 9}}, {"minLength": ALL["minLength"]})(1)


@given(TEXTS, LIMITS, LIMITS)
def test_lengths_as_json_schema_says(text, low, high):
    schema = {"minLength": low, "maxLength": high}
    assert (message(schema, text) is None) is Draft202012Validator(schema).is_valid(text)


@given(TEXTS, st.sampled_from(["a", "^a", "a$", "[^b]", "^.{2,3}$", r"\w", "é|🎮"]))
def test_patterns_as_json_schema_says(text, pattern):
    schema = {"pattern": pattern}
    assert (message(schema, text) is None) is Draft202012Validator(schema).is_valid(text)


@given(NUMBERS, st.sampled_from(sorted(CONSTRAINTS["number"] - {"multipleOf", "divisibleBy"})), NUMBERS)
def test_bounds_as_json_schema_says(number, keyword, limit):
    schema = {keyword: limit}
    assert (message(schema, number) is None) is Draft202012Validator(schema).is_valid(number)


@given(NUMBERS, DIVISORS)
def test_multiples_as_json_schema_says(number, divisor):
    schema = {"multipleOf": divisor}
    assert (message(schema, number) is None) is Draft202012Validator(schema).is_valid(Decimal(number))


@given(st.lists(st.integers(0, 4), max_size=5), LIMITS, LIMITS, st.booleans())
def test_arrays_as_json_schema_says(items, low, high, unique):
    schema = {"minItems": low, "maxItems": high, "uniqueItems": unique}
    assert (message(schema, items) is None) is Draft202012Validator(schema).is_valid(items)
