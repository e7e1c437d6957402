"""Dead letters that their topic takes: what is too large is cut, and says so.

The original is cut where that is enough, as it is by far the largest. Where it would not be, its headers go first,
then the end of its key: the original is what a replay needs. Where it was (topic, partition, offset) is never cut, so
that the whole of it can be found for as long as its topic keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from avrogate.kafka_limits import Headers, record_size

# bytes by which the lengths, and the message that tells of the cut, may make it longer
SLACK = 128
# bytes of a key that are kept when all else was not enough
SHORT_KEY = 1000

Encode = Callable[[dict[str, Any]], bytes]


def fitted(record: dict[str, Any], encode: Encode, limit: int, headers: Headers) -> tuple[bytes | None, bytes]:
    """Key and value of a DeadLetter record that takes `limit` bytes at most, with the record's own `headers`."""

    def excess(one: dict[str, Any]) -> int:
        return record_size(one["key"], encode(one), headers) - limit

    for cut in (_without_headers, _with_short_key):
        if excess(record) <= max(0, len(record["original"] or b"") - SLACK):
            break
        record = cut(record)
    if (over := excess(record)) > 0:
        record = _cut_original(record, over)
    return record["key"], encode(record)


def _cut_original(record: dict[str, Any], excess: int) -> dict[str, Any]:
    original = record["original"]
    if original is None:
        return record
    kept = max(len(original) - excess - SLACK, 0)
    message = f"{record['message']} (the first {kept:,} of {len(original):,} bytes are kept)"
    return record | {"original": original[:kept], "original_size": len(original), "message": message}


def _without_headers(record: dict[str, Any]) -> dict[str, Any]:
    if not record["headers"]:
        return record
    return record | {"headers": [], "message": f"{record['message']} (its headers are left out)"}


def _with_short_key(record: dict[str, Any]) -> dict[str, Any]:
    if record["key"] is None:
        return record
    kept = record["key"][:SHORT_KEY]
    return record | {
        "key": kept,
        "message": f"{record['message']} (the first {len(kept):,} bytes of the key are kept)",
    }
