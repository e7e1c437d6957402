import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrogate.errors import WireFormatError
from schemas.wire_format import frame, prefix, unframe


def reason(value):
    with pytest.raises(WireFormatError) as caught:
        unframe(value)
    return caught.value.reason


def test_the_layout():
    assert frame(0x01020304, b"body") == b"\x00\x01\x02\x03\x04body"


@given(st.integers(0, 2**32 - 1), st.binary())
def test_what_is_framed_is_unframed(schema_id, body):
    found, rest = unframe(frame(schema_id, body))
    assert (found, bytes(rest)) == (schema_id, body)


@given(st.binary())
def test_any_bytes_are_framed_or_refused(value):
    try:
        schema_id, body = unframe(value)
    except WireFormatError as error:
        assert error.reason in {"empty-value", "wrong-magic-byte", "truncated"}
    else:
        assert frame(schema_id, bytes(body)) == value


@pytest.mark.parametrize("schema_id", [-1, 2**32])
def test_an_id_that_does_not_fit(schema_id):
    with pytest.raises(WireFormatError, match=f"schema id {schema_id} "):
        prefix(schema_id)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "tombstone"),
        (b"", "empty-value"),
        (b"\x01\x00\x00\x00\x01x", "wrong-magic-byte"),
        (b"{}", "wrong-magic-byte"),
        (b"\x00", "truncated"),
        (b"\x00\x00\x00\x01", "truncated"),
    ],
)
def test_what_is_not_in_the_wire_format(value, expected):
    assert reason(value) == expected


def test_a_body_may_be_empty():
    assert unframe(b"\x00\x00\x00\x00\x07") == (7, b"")
