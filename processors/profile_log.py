"""What the records of the profile topic say, folded into the profiles of a partition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import Message

from processors.packing import PLACE_BITS, TIME_AT, pack
from processors.profiles import Partition
from schemas.decoder import Decoded, TopicDecoder
from schemas.wire_format import PREFIX

# the order and the types that `_quickly` reads; a version with others is read by its codec
SHAPE = [("user_id", "string"), ("time", "long"), ("offset", "long"), ("country", "string"), ("platform", "string")]

# set in the first byte of a text's length if it is negative or goes on in a second byte
ONE_BYTE = 0b1000_0001
# bits before the last byte of a long that is surely one: nine bytes; the tenth could say too much
LONGEST = 56


class ProfileLog:
    """Reads records in the order of their offsets: the last one of a user is the user's profile.

    A tombstone forgets the user, as compaction would sooner or later.

    Nearly all records of a topic are of one version and end in one of few countries and platforms. Such a record is
    read in a few steps, without objects in between; whatever is not exactly as expected goes through the decoder,
    which says what is wrong with it.
    """

    def __init__(self, decoder: TopicDecoder) -> None:
        self._decoder = decoder
        self._quick: set[bytes] = set()
        self._tails: dict[int, dict[bytes, int]] = {}

    def fold(self, partitions: Mapping[int, Partition], messages: Iterable[Message]) -> None:
        """Take committed records in. Raises what `TopicDecoder.read` does."""
        at, into = -1, Partition()
        packed, tails = into.packed, self._tails.setdefault(at, {})
        quick = self._quick
        for message in messages:
            partition: int = message.partition()  # type: ignore[assignment]
            if partition != at:
                at, into = partition, partitions[partition]
                packed, tails = into.packed, self._tails.setdefault(partition, {})
            value: bytes | None = message.value()
            if value is None:
                _forget(into, message)
                continue
            found = _quickly(value, tails) if value[: PREFIX.size] in quick else None
            if found is None:
                found = self._slowly(value, into, tails)
            packed[found[0]] = found[1]

    def _slowly(self, value: bytes, into: Partition, tails: dict[bytes, int]) -> tuple[str, int]:
        """By the decoder. What it finds out makes the next record of the kind quick."""
        decoded = self._decoder.read(value)
        record = decoded.record
        country, platform = record["country"], record["platform"]
        number = into.number((country, platform))
        if _is_quick(decoded, value):
            self._quick.add(value[: PREFIX.size])
            tail = b"".join(_length(text) + text for text in (country.encode(), platform.encode()))
            tails[tail] = number
        return record["user_id"], pack(record["time"], record["offset"], number)


def _quickly(value: bytes, tails: Mapping[bytes, int]) -> tuple[str, int] | None:
    """User and packed profile; None if the record is not as simple as most."""
    try:
        size = value[PREFIX.size]
        if size & ONE_BYTE:
            return None
        at = PREFIX.size + 1 + (size >> 1)
        user = value[PREFIX.size + 1 : at].decode()
        time = shift = 0
        while (byte := value[at]) > 127:
            time |= (byte & 127) << shift
            shift += 7
            at += 1
        time |= byte << shift
        at += 1
        longest = shift
        offset = shift = 0
        while (byte := value[at]) > 127:
            offset |= (byte & 127) << shift
            shift += 7
            at += 1
        offset |= byte << shift
    except (IndexError, UnicodeDecodeError):
        return None
    number = tails.get(value[at + 1 :])
    if number is None or shift > LONGEST or longest > LONGEST:
        return None
    return user, time << TIME_AT | offset << PLACE_BITS | number


def _is_quick(decoded: Decoded, value: bytes) -> bool:
    if decoded.codec.schema_id != PREFIX.unpack_from(value)[1]:
        return False
    return [(field["name"], _plain(field["type"])) for field in decoded.version.resolved["fields"]] == SHAPE


def _plain(kind: Any) -> Any:
    return kind.get("type") if isinstance(kind, dict) else kind


def _length(text: bytes) -> bytes:
    """How Avro writes the length of a text: zigzag, seven bits to a byte."""
    rest, written = len(text) << 1, bytearray()
    while rest > 127:
        written.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*written, rest])


def _forget(partition: Partition, message: Message) -> None:
    key = message.key() or b""
    partition.packed.pop(key.decode(errors="surrogateescape"), None)
