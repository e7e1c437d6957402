"""A profile as one integer, and straight into it from the bytes of the profile topic.

From the top: event time, offset (64 bits), the number of the place (32 bits). Both longs are in Avro's zigzag form,
as they are on the wire, so that every long fits.
"""

from __future__ import annotations

PLACE_BITS, LONG_BITS = 32, 64
TIME_AT = LONG_BITS + PLACE_BITS
LONG, PLACE = (1 << LONG_BITS) - 1, (1 << PLACE_BITS) - 1

Place = tuple[str, str]  # country, platform


def pack(time: int, offset: int, place: int) -> int:
    """One integer; `time` and `offset` are 64-bit integers."""
    return _zigzag(time) << TIME_AT | _zigzag(offset) << PLACE_BITS | place


def unpack(packed: int) -> tuple[int, int, int]:
    """Time, offset, number of the place."""
    time, offset = packed >> TIME_AT, packed >> PLACE_BITS & LONG
    return (time >> 1) ^ -(time & 1), (offset >> 1) ^ -(offset & 1), packed & PLACE


def _zigzag(value: int) -> int:
    return (value << 1 ^ value >> (LONG_BITS - 1)) & LONG
