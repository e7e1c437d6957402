"""Events to bytes and back, for every schema of the catalog."""

import io
import struct
from decimal import Decimal

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrogate.errors import InvalidEvent, WireFormatError
from schemas.catalog import load_catalog
from schemas.codec import Codec
from schemas.wire_format import frame, unframe

CODECS = {str(version): Codec(version, number) for number, version in enumerate(load_catalog().versions, start=1)}
each_schema = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
INIT, PURCHASE = CODECS["raw/init/v1"], CODECS["raw/in-app-purchase/v1"]
EVENT = {"event-type": "init", "time": 1, "user-id": "u", "country": "PT", "platform": "ios"}


def unreadable(codec, body):
    with pytest.raises(WireFormatError) as caught:
        codec.read(body)
    assert caught.value.schema_id == codec.schema_id
    return caught.value


@each_schema
@given(data=st.data())
def test_what_is_written_is_read(codec, generated_events, data):
    event = data.draw(generated_events.valid_events(codec.version.resolved))
    record = codec.contract.to_record(event)
    schema_id, body = unframe(codec.encode(event))
    assert schema_id == codec.schema_id
    read = codec.read(body)
    assert read == record
    codec.contract.check(read)
    assert codec.contract.to_event(read) == event
    assert codec.write(read) == frame(schema_id, bytes(body))


@each_schema
@given(body=st.binary(max_size=80))
def test_any_bytes_are_a_record_or_unreadable(codec, body):
    try:
        codec.read(body)
    except WireFormatError as error:
        assert error.reason in {"undecodable", "trailing-bytes"}


@each_schema
@given(data=st.data())
def test_a_truncated_or_longer_body_is_never_taken_for_a_record(codec, generated_events, data):
    event = data.draw(generated_events.valid_events(codec.version.resolved))
    body = bytes(unframe(codec.encode(event))[1])
    cut = data.draw(st.integers(0, len(body) - 1))
    assert unreadable(codec, body[:cut]).reason == "undecodable"
    assert unreadable(codec, body + b"\x00").reason == "trailing-bytes"


def test_the_bytes_by_hand():
    value = INIT.encode({**EVENT, "user-id": 42})
    time = b"\xd0\x0f"  # 1000 ms, zigzag
    assert value == struct.pack(">bI", 0, INIT.schema_id) + b"\x00" + time + b"\x02\x54" + b"\x04PT" + b"\x06ios"


def test_money_is_two_complement_of_its_cents():
    event = {"event-type": "in-app-purchase", "time": 0, "user-id": "u", "product-id": "p"}
    for amount, cents in (("0", b"\x02\x00"), ("1.28", b"\x04\x00\x80"), ("-0.0", b"\x02\x00")):
        assert PURCHASE.encode({**event, "purchase_value": Decimal(amount)})[7:].startswith(cents)


def test_a_number_and_its_text_are_two_branches():
    number, text = (INIT.read(unframe(INIT.encode({**EVENT, "user-id": user}))[1]) for user in (42, "42"))
    assert (number["user_id"], text["user_id"]) == (42, "42")


def test_timestamps_are_whole_milliseconds_not_datetimes():
    last = (2**63 - 1) // 1000
    body = unframe(INIT.encode({**EVENT, "time": last}))[1]
    assert INIT.read(body)["time"] == last * 1000


def test_a_refused_event_is_not_written():
    with pytest.raises(InvalidEvent, match=r"^country: is missing$"):
        INIT.encode({name: value for name, value in EVENT.items() if name != "country"})


def test_dropped_fields_are_named():
    dropped = []
    assert INIT.encode({**EVENT, "stray": 1}, dropped) == INIT.encode(EVENT)
    assert dropped == ["stray"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "EOF"),
        (b"\x02", "IndexError"),  # an enum of one symbol
        (b"\x00\x02\x04", ""),  # a third branch of the union
        (b"\x00\x02\x00\x02\xff\x00\x00", "UnicodeDecodeError"),
        (b"\x00\x02\x00\x01", ""),  # a text of length -1
        (b"\x00\x02\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", ""),  # a text of 2^63-1 bytes
    ],
)
def test_rubbish_says_what_it_was_taken_for(body, says):
    error = unreadable(INIT, body)
    assert error.reason == "undecodable"
    assert error.message.startswith("not a games.events.raw.Init of version 1: ")
    assert says in error.message


def test_plain_fastavro_reads_the_same(catalog):
    version = catalog.newest("events-raw", "in-app-purchase")
    event = {
        "event-type": "in-app-purchase",
        "time": 1_735_689_600,
        "purchase_value": Decimal("9999999999999999.99"),
        "user-id": 2**63 - 1,
        "product-id": "🎮",
    }
    body = unframe(PURCHASE.encode(event))[1]
    record = fastavro.schemaless_reader(io.BytesIO(body), fastavro.parse_schema(version.resolved), None)
    assert record["time"].isoformat() == "2025-01-01T00:00:00+00:00"
    assert (record["purchase_value"], record["user_id"], record["product_id"]) == (
        Decimal("9999999999999999.99"),
        2**63 - 1,
        "🎮",
    )


def test_an_id_that_does_not_fit(catalog):
    with pytest.raises(WireFormatError):
        Codec(catalog.versions[0], 2**32)
