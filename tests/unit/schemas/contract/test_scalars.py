from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrogate.errors import InvalidEvent
from schemas.contract.scalars import Money, describe

TEXT = {"type": "string", "minLength": 1, "maxLength": 3}
WHOLE = {"type": "integer", "minimum": 0}
SECONDS = {**WHOLE, "x-avro": {"logicalType": "timestamp-millis", "unit": "seconds"}}
MILLISECONDS = {**WHOLE, "x-avro": {"logicalType": "timestamp-millis", "unit": "milliseconds"}}
MONEY = {"type": "number", "minimum": 0, "x-avro": {"logicalType": "decimal", "precision": 18, "scale": 2}}
ROUNDED = {"type": "number", "x-avro": {**MONEY["x-avro"], "rounding": "half-even"}}
LARGE = {"type": "number", "x-avro": {"logicalType": "decimal", "precision": 38, "scale": 2}}
DOUBLE = {"type": "number", "minimum": -1}
BINARY = {"type": "string", "contentEncoding": "base64", "x-avro": {"type": "bytes"}}
KIND = {"type": "string", "enum": ["in-app-purchase", "b"], "x-avro": {"enum": "Kind"}}
EITHER = {"type": ["string", "integer"], "minLength": 1, "maxLength": 3, "minimum": 0}
TRUTH = {"type": "boolean"}


@pytest.mark.parametrize(
    ("node", "value", "expected"),
    [
        (TEXT, "é🎮x", "é🎮x"),
        (WHOLE, 2**63 - 1, 2**63 - 1),
        (SECONDS, 1_735_689_600, 1_735_689_600_000),
        (SECONDS, (2**63 - 1) // 1000, 9_223_372_036_854_775_000),
        (MILLISECONDS, 2**63 - 1, 2**63 - 1),
        (MONEY, 5, Decimal("5.00")),
        (MONEY, Decimal("9.99"), Decimal("9.99")),
        (MONEY, 19.99, Decimal("19.99")),
        (MONEY, Decimal("1.5000"), Decimal("1.50")),
        (MONEY, Decimal("1.2E+3"), Decimal("1200.00")),
        (MONEY, Decimal("0E-999"), Decimal("0.00")),
        (MONEY, Decimal("-0.0"), Decimal("0.00")),
        (MONEY, Decimal("9999999999999999.99"), Decimal("9999999999999999.99")),
        (ROUNDED, Decimal("0.125"), Decimal("0.12")),
        (ROUNDED, Decimal("0.135"), Decimal("0.14")),
        (ROUNDED, Decimal("-0.125"), Decimal("-0.12")),
        (ROUNDED, Decimal("1E-9999"), Decimal("0.00")),
        (LARGE, Decimal("9" * 36 + ".99"), Decimal("9" * 36 + ".99")),
        (LARGE, Decimal("-" + "9" * 36 + ".990"), Decimal("-" + "9" * 36 + ".99")),
        (DOUBLE, Decimal("0.1"), 0.1),
        (DOUBLE, 3, 3.0),
        (DOUBLE, 1.5, 1.5),
        (BINARY, "AP8=", b"\x00\xff"),
        (BINARY, "", b""),
        (KIND, "in-app-purchase", "in_app_purchase"),
        (EITHER, "42", "42"),
        (EITHER, 42, 42),
        (EITHER, 1000, 1000),
        (TRUTH, True, True),
    ],
)
def test_json_values_and_what_stands_in_a_record(contract, node, value, expected):
    compiled = contract({"a": node})
    record = compiled.to_record({"a": value})
    assert record == {"a": expected}
    assert type(record["a"]) is type(expected)
    compiled.check(record)
    assert compiled.to_event(record) == {"a": value if not isinstance(value, float) else Decimal(repr(value))} or (
        node is ROUNDED
    )


@pytest.mark.parametrize(
    ("node", "value", "reason", "says"),
    [
        (TEXT, 7, "wrong-type", "7 is not a string"),
        (TEXT, None, "wrong-type", "null is not a string"),
        (TEXT, True, "wrong-type", "true is not a string"),
        (TEXT, {}, "wrong-type", "an object is not a string"),
        (TEXT, [], "wrong-type", "an array is not a string"),
        (TEXT, "", "out-of-bounds", "0 characters, at least 1 needed"),
        (TEXT, "🎮🎮🎮🎮", "out-of-bounds", "4 characters, at most 3 allowed"),
        (TEXT, "\ud800", "invalid-text", "half of a surrogate pair"),
        (WHOLE, -1, "out-of-bounds", "-1 is less than 0"),
        (WHOLE, 2**63, "out-of-range", "9223372036854775808 does not fit into 64 bits"),
        (WHOLE, -(2**63) - 1, "out-of-range", "does not fit into 64 bits"),
        pytest.param(WHOLE, 10**5000, "out-of-range", "a whole number of 16610 bits does not fit", id="huge-whole"),
        (WHOLE, True, "wrong-type", "true is not a whole number"),
        (WHOLE, Decimal("1.0"), "wrong-type", "1.0 is not a whole number"),
        (WHOLE, 1.0, "wrong-type", "1.0 is not a whole number"),
        (WHOLE, "1", "wrong-type", '"1" is not a whole number'),
        (SECONDS, (2**63 - 1) // 1000 + 1, "out-of-range", "does not fit into 64 bits"),
        (SECONDS, -1, "out-of-bounds", "-1 is less than 0"),
        (MONEY, Decimal("3.999"), "too-many-decimals", "3.999 has 3 decimal places, the contract allows 2"),
        (MONEY, 3.999, "too-many-decimals", "3.999 has 3 decimal places, the contract allows 2"),
        (MONEY, Decimal("1E-7"), "too-many-decimals", "1E-7 has 7 decimal places"),
        (MONEY, Decimal("1." + "1" * 40), "too-many-decimals", "has 40 decimal places"),
        (MONEY, Decimal("1.00010"), "too-many-decimals", "has 4 decimal places"),
        (MONEY, Decimal("-0.01"), "out-of-bounds", "-0.01 is less than 0"),
        (MONEY, Decimal(10**16), "out-of-range", "more than 16 digits before the point"),
        (MONEY, Decimal("1E+999999"), "out-of-range", "more than 16 digits before the point"),
        pytest.param(MONEY, 10**5000, "out-of-range", "more than 16 digits before the point", id="huge-money"),
        (ROUNDED, Decimal("9999999999999999.995"), "out-of-range", "more than 16 digits before the point"),
        (LARGE, 10**36, "out-of-range", "more than 36 digits before the point"),
        (MONEY, True, "wrong-type", "true is not a number"),
        (MONEY, "9.99", "wrong-type", '"9.99" is not a number'),
        (MONEY, float("nan"), "not-a-number", "NaN is not a number in JSON"),
        (MONEY, Decimal("Infinity"), "not-a-number", "Infinity is not a number in JSON"),
        (DOUBLE, Decimal("1E+400"), "out-of-range", "1E+400 does not fit into 64 bits"),
        pytest.param(DOUBLE, 10**5000, "out-of-range", "does not fit into 64 bits", id="huge-double"),
        (DOUBLE, -2, "out-of-bounds", "-2 is less than -1"),
        (DOUBLE, float("inf"), "not-a-number", "is not a number in JSON"),
        (BINARY, "no base64!", "not-base64", "is not base64 text"),
        (BINARY, "A", "not-base64", "is not base64 text"),
        (BINARY, "é===", "not-base64", "is not base64 text"),
        (BINARY, 7, "wrong-type", "7 is not base64 text"),
        (KIND, "in_app_purchase", "not-in-enum", '"in_app_purchase" is not one of "in-app-purchase", "b"'),
        (KIND, None, "not-in-enum", "null is not one of"),
        (KIND, [], "not-in-enum", "an array is not one of"),
        (EITHER, "", "out-of-bounds", "0 characters"),
        (EITHER, -1, "out-of-bounds", "-1 is less than 0"),
        (EITHER, True, "wrong-type", "true is not a string or a whole number"),
        (EITHER, Decimal("1.5"), "wrong-type", "1.5 is not a string or a whole number"),
        (TRUTH, 1, "wrong-type", "1 is not true or false"),
    ],
)
def test_what_is_refused_names_the_field_and_why(refusal, node, value, reason, says):
    found_reason, field, message = refusal(node, value)
    assert (found_reason, field) == (reason, "a")
    assert says in message
    assert len(message) < 200


@pytest.mark.parametrize(
    ("node", "value", "says"),
    [
        (TEXT, "xxxx", "a: 4 characters, at most 3 allowed"),
        (WHOLE, -1, "a: -1 is less than 0"),
        (SECONDS, 1500, "a: 1500 ms is not a whole number of seconds"),
        (SECONDS, -1000, "a: -1 is less than 0"),
        (MONEY, Decimal("-0.01"), "a: -0.01 is less than 0"),
        (MONEY, Decimal("10000000000000000.00"), "a: more than 18 digits"),
        (DOUBLE, float("nan"), "a: nan is not a number in JSON"),
        (DOUBLE, float("-inf"), "a: -inf is not a number in JSON"),
        (DOUBLE, -1.5, "a: -1.5 is less than -1"),
        (EITHER, "", "a: 0 characters, at least 1 needed"),
        (EITHER, -1, "a: -1 is less than 0"),
    ],
)
def test_records_that_others_wrote_are_held_to_the_bounds(contract, node, value, says):
    with pytest.raises(InvalidEvent) as caught:
        contract({"a": node}).check({"a": value})
    assert caught.value.message == says


@pytest.mark.parametrize("node", [BINARY, KIND, TRUTH, MILLISECONDS, DOUBLE, TEXT])
def test_records_within_their_bounds_pass(contract, node):
    content = {"string": "b", "boolean": True, "integer": 1500, "number": 1.5}[node["type"]]
    contract({"a": node}).check({"a": b"x" if node is BINARY else content})


@given(st.integers(-(10**20), 10**20), st.integers(0, 5))
def test_money_is_exact_or_refused(units, places):
    number = Decimal(units).scaleb(-places)
    try:
        result = Money(lambda value: None, 18, 2).from_json(number, None)
    except InvalidEvent as error:
        cents = number * 100
        assert error.reason == ("out-of-range" if abs(number) >= 10**16 else "too-many-decimals")
        assert abs(number) >= 10**16 or cents != cents.to_integral_value()
    else:
        assert result == number
        assert result.as_tuple().exponent == -2


@given(st.integers(-(10**12), 10**12), st.integers(3, 6))
def test_rounding_is_to_the_nearest_and_to_even_cents(units, places):
    number = Decimal(units).scaleb(-places)
    cents = int(Money(lambda value: None, 18, 2, rounds=True).from_json(number, None) * 100)
    distance = abs(units - cents * 10 ** (places - 2)) * 2
    assert distance < 10 ** (places - 2) or (distance == 10 ** (places - 2) and cents % 2 == 0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (False, "false"),
        ({"a": 1}, "an object"),
        ([1], "an array"),
        ("x", '"x"'),
        ("x" * 100, '"' + "x" * 56 + "…"),
        (-5, "-5"),
        pytest.param(10**5000, "a whole number of 16610 bits", id="huge"),
    ],
)
def test_values_in_messages_are_short_and_in_jsons_words(value, expected):
    assert describe(value) == expected
