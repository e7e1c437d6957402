"""Our reader accepts what the strict decoder accepts, which is written from the Avro specification alone."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import fastavro
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avrogate.errors import WireFormatError
from conftest import by_path
from schemas.catalog import shipped_catalog
from schemas.codec import Codec, parsed

STRICT: ModuleType = by_path(Path(__file__).parents[2] / "faults" / "strict_avro.py")
RAW = shipped_catalog().stage_topic("raw")
INFO = {"coin_balance_after_match": 300, "level_after_match": 4, "device": "GeForce RTX™", "platform": "web"}
MATCH = {
    "event_type": "match",
    "time": 1_767_225_600_000,
    "user_a": "忍者-1",
    "user_b": "1001",
    "user_a_postmatch_info": INFO,
    "user_b_postmatch_info": INFO,
    "winner": "1001",
    "game_tier": 1,
    "duration": 500,
}
INIT = {"event_type": "init", "time": 1_767_225_600_000, "user_id": "ann", "country": "US", "platform": "ios"}
PURCHASE = {
    "event_type": "in_app_purchase",
    "time": 1_767_225_600_000,
    "purchase_value": Decimal("2.49"),
    "user_id": 1001,
    "product_id": "coins-100",
}
EVENTS = {"init": INIT, "match": MATCH, "in-app-purchase": PURCHASE}
CODECS = {event: Codec(shipped_catalog().newest(RAW, event), 1) for event in EVENTS}
# every type that Avro has
ALL: dict[str, Any] = {
    "type": "record",
    "name": "All",
    "namespace": "n",
    "fields": [
        {"name": "truth", "type": "boolean"},
        {"name": "small", "type": "int"},
        {"name": "whole", "type": "long"},
        {"name": "list", "type": {"type": "array", "items": "string"}},
        {"name": "map", "type": {"type": "map", "values": ["null", "long"]}},
        {"name": "either", "type": ["null", "boolean", {"type": "enum", "name": "Two", "symbols": ["A", "B"]}]},
        {"name": "double", "type": "double"},
        {"name": "float", "type": "float"},
        {"name": "bytes", "type": "bytes"},
        {"name": "fixed", "type": {"type": "fixed", "name": "Four", "size": 4}},
        {"name": "again", "type": {"type": "array", "items": "n.Two"}},
    ],
}
VALUES = {
    "truth": True,
    "small": 5,
    "whole": -(2**63),
    "list": ["a", "bc"],
    "map": {"k": 7, "l": None},
    "either": "B",
    "double": 1.5,
    "float": 0.5,
    "bytes": b"abc",
    "fixed": b"four",
    "again": ["A", "B"],
}
PIECES = [
    b"\x80" * 9 + b"\x01",
    b"\xff" * 9 + b"\x03",
    b"\xff" * 9 + b"\x01",
    b"\xff" * 11,
    b"\x01",
    b"\x03\x02",
    b"\x80\0",
]


@st.composite
def mutated(draw: st.DrawFn, body: bytes) -> bytes:
    result = bytearray(body)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(result)))
        end = draw(st.sampled_from([place, place + 1]))
        result[place:end] = draw(st.sampled_from(PIECES) | st.binary(max_size=2))
    return bytes(result)


def verdict(read: Any, body: bytes) -> Any:
    try:
        return read(body)
    except WireFormatError as error:
        return error.reason
    except STRICT.Malformed as error:
        return error.reason


@pytest.mark.parametrize("event", EVENTS)
@given(data=st.data())
def test_mutated_events_are_read_as_by_the_strict_decoder(event: str, data: st.DataObject) -> None:
    codec = CODECS[event]
    body = data.draw(mutated(codec.write(EVENTS[event])[5:]))
    strict = STRICT.reader(codec.version.resolved, {})
    assert verdict(codec.read, body) == verdict(lambda content: STRICT.decode(strict, content), body)


def written() -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, parsed(ALL).schema, VALUES)
    return out.getvalue()


class AllCodec(Codec):
    def __init__(self) -> None:
        self._own = parsed(ALL)
        self.schema_id = 1
        self.version = CODECS["init"].version


@given(body=mutated(written()))
@example(written())
def test_mutated_values_of_every_type_too(body: bytes) -> None:
    strict = STRICT.reader(ALL, {})
    ours = verdict(AllCodec().read, body)
    assert repr(ours) == repr(verdict(lambda content: STRICT.decode(strict, content), body))  # NaN is not NaN


BODY = {event: CODECS[event].write(record)[5:] for event, record in EVENTS.items()}


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("init", b"\x01" + BODY["init"][1:]),
        ("init", BODY["init"].replace(b"\0\x06ann", b"\x03\x06ann")),
        ("in-app-purchase", BODY["in-app-purchase"].replace(b"\x02\xd2\x0f", b"\x01\xd2\x0f")),
        ("init", b"\0" + b"\xff" * 9 + b"\x03" + BODY["init"][7:]),
        ("init", b"\0" + b"\x80" * 10 + b"\0" + BODY["init"][7:]),
    ],
)
def test_what_fastavro_reads_though_the_specification_does_not_allow_it(event: str, body: bytes) -> None:
    codec = CODECS[event]
    fastavro.schemaless_reader(io.BytesIO(body), codec._own.schema, None)
    with pytest.raises(WireFormatError) as caught:
        codec.read(body)
    assert caught.value.reason == "undecodable"


def test_a_number_may_be_longer_than_it_need_be() -> None:
    assert CODECS["init"].read(b"\x80\0" + BODY["init"][1:]) == INIT


def test_a_megabyte_of_digits_is_no_reason_to_wait() -> None:
    import time

    huge = bytearray()
    STRICT.write_bytes(b"\x7f" * 1_000_000, huge)
    value = BODY["in-app-purchase"].replace(b"\x04\x00\xf9", bytes(huge))
    assert len(value) > 1_000_000
    began = time.process_time()
    record = CODECS["in-app-purchase"].read(value)
    assert time.process_time() - began < 1
    with pytest.raises(Exception, match="more than 18 digits"):
        CODECS["in-app-purchase"].contract.check(record)
