from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from avrogate.kafka_limits import record_size
from processors.dead_letters import dead_letter
from processors.fitting import fitted
from processors.provenance import headers
from processors.records import RawRecord, Refused
from schemas.catalog import load_catalog
from schemas.codec import Codec

CODEC = Codec(load_catalog().newest("events-dead-letter", "dead-letter"), 7)


def letter(raw: RawRecord) -> dict[str, Any]:
    return dead_letter(raw, Refused("truncated", "no end"), now=1)


def fit(raw: RawRecord, limit: int) -> tuple[bytes | None, dict[str, Any], int]:
    key, value = fitted(letter(raw), CODEC.write, limit, headers(raw))
    return key, CODEC.read(value[5:]), record_size(key, value, headers(raw))


def test_what_fits_is_left_as_it_is() -> None:
    raw = RawRecord("events-raw", 1, 2, 3, b"ann", b"x" * 1000, (("trace", b"1"),))
    key, record, _ = fit(raw, 10_000)
    assert (key, record) == (b"ann", letter(raw))


def test_as_much_of_the_original_as_fits_is_kept_and_it_says_so() -> None:
    original = bytes(range(256)) * 100
    raw = RawRecord("events-raw", 1, 2, 3, b"ann", original, (("trace", b"1"),))
    key, record, size = fit(raw, 10_000)
    kept = len(record["original"])
    assert 9_000 < kept < size <= 10_000
    assert (key, original[:kept]) == (b"ann", record["original"])
    assert record["original_size"] == len(original)
    assert record["message"] == f"no end (the first {kept:,} of 25,600 bytes are kept)"
    assert (record["topic"], record["partition"], record["offset"]) == ("events-raw", 1, 2)
    assert record["headers"] == [{"name": "trace", "value": b"1"}]


def test_headers_and_then_the_key_go_first_where_the_original_is_not_what_is_large() -> None:
    raw = RawRecord("events-raw", 1, 2, 3, b"k" * 9000, b"value", (("trace", b"h" * 9000),))
    key, record, _ = fit(raw, 20_000)
    assert (key, record["headers"]) == (raw.key, [])
    assert (record["original"], record["original_size"]) == (b"value", None)
    key, record, _ = fit(raw, 5_000)
    assert key == record["key"] == b"k" * 1000
    assert (record["original"], record["original_size"]) == (b"value", None)
    assert "headers are left out" in record["message"]
    assert "1,000 bytes of the key" in record["message"]


@given(
    original=some.one_of(some.none(), some.binary(max_size=9000)),
    key=some.one_of(some.none(), some.binary(max_size=3000)),
    values=some.lists(some.one_of(some.none(), some.binary(max_size=2000)), max_size=4),
    limit=some.integers(3000, 12_000),
)
def test_it_always_fits_and_says_where_the_whole_is(
    original: bytes | None, key: bytes | None, values: list[bytes | None], limit: int
) -> None:
    raw = RawRecord("events-raw", 3, 1234, 5, key, original, tuple(("h", value) for value in values))
    _, record, size = fit(raw, limit)
    assert size <= limit
    assert (record["topic"], record["partition"], record["offset"]) == ("events-raw", 3, 1234)
    if record["original_size"] is None:
        assert record["original"] == original
    else:
        assert original is not None
        assert (record["original_size"], record["original"]) == (len(original), original[: len(record["original"])])


@pytest.mark.parametrize("limit", [100, 300])
def test_a_limit_below_everything_is_left_to_the_broker(limit: int) -> None:
    _, record, size = fit(RawRecord("events-raw", 1, 2, 3, b"ann", b"x" * 500), limit)
    assert (record["original"], record["original_size"]) == (b"", 500)
    assert size > limit
