from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from avrogate.errors import WireFormatError
from processors.packing import PLACE_BITS, pack, unpack
from processors.profile_log import ProfileLog, _quickly
from processors.profiles import Partition
from processors.records import Profile
from schemas.codec import Codec
from schemas.decoder import TopicDecoder
from schemas.wire_format import PREFIX

sys.path.insert(0, str(Path(__file__).parents[2] / "doubles"))  # tests are in no package

from profile_records import CODEC, ID, VERSION, Counted, Message, Row, written

# 0 and 63 are the bounds of what one byte says about a text; 0 and 62 those of nine bytes of a long
LONGS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from(
    [sign * 2**power + step for power in (6, 13, 34, 55, 61, 62) for sign in (1, -1) for step in (-1, 0, 1)]
)
TEXTS = st.text(max_size=8) | st.sampled_from(["", "a" * 63, "a" * 64, "é" * 31, "é" * 32, "東京" * 60, "\0", "😀"])
PLACES = st.sampled_from(["Portugal", "Côte d'Ivoire", ""]) | TEXTS
RECORDS = st.tuples(TEXTS, LONGS, LONGS, PLACES, PLACES)


def folded(values: Sequence[bytes | None], by: TopicDecoder | None = None) -> dict[str, Profile]:
    partition = Partition()
    ProfileLog(by or Counted()).fold({0: partition}, [Message(value) for value in values])  # type: ignore[misc]
    return dict(partition)


def plainly(values: Sequence[bytes]) -> dict[str, Profile]:
    found = {}
    for value in values:
        record = Counted().read(value).record
        found[record["user_id"]] = Profile(*(record[name] for name in ("time", "offset", "country", "platform")))
    return found


def outcome(read: Any, values: Sequence[bytes]) -> Any:
    try:
        return read(values)
    except WireFormatError as error:
        return str(error), error.reason


@given(LONGS, LONGS, st.integers(0, 2**PLACE_BITS - 1))
def test_every_time_and_offset_comes_back_from_its_integer(time: int, offset: int, place: int) -> None:
    assert unpack(pack(time, offset, place)) == (time, offset, place)


@given(st.dictionaries(TEXTS, st.builds(Profile, LONGS, LONGS, PLACES, PLACES)))
def test_every_profile_comes_back_from_its_partition(profiles: dict[str, Profile]) -> None:
    assert Partition(profiles) == profiles


@given(st.lists(RECORDS, max_size=20))
def test_whatever_is_written_is_read_as_the_decoder_reads_it(rows: list[Row]) -> None:
    values = [written(row) for row in rows]
    assert folded(values) == plainly(values) == {user: Profile(*profile) for user, *profile in rows}


def test_most_records_are_read_without_the_decoder() -> None:
    by = Counted()
    rows = [(f"user-{number}", 1_767_268_800_000 + number, number, "Portugal", "IOS") for number in range(100)]
    assert folded([written(row) for row in rows], by) == {user: Profile(*profile) for user, *profile in rows}
    assert by.asked == 1


@st.composite
def mutated(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A record, and the same with some bytes changed, cut out or added."""
    row = draw(RECORDS)
    good = bytearray(written(row))
    value = bytearray(good)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(value)))
        removed = draw(st.integers(0, 3))
        value[at : at + removed] = draw(st.binary(max_size=3) | st.sampled_from([b"\x80\0", b"\xff" * 10, b"\x01"]))
    return bytes(good), bytes(value)


SIMPLE = written(("ann", 5, 6, "Portugal", "IOS"))
AFTER_USER = PREFIX.size + 4


@given(mutated())
@example((SIMPLE, SIMPLE + b"\0"))
@example((SIMPLE, SIMPLE[:-1]))
@example((SIMPLE, SIMPLE[:AFTER_USER]))
@example((SIMPLE, SIMPLE[:AFTER_USER] + b"\x8a\0\x8c\0" + SIMPLE[AFTER_USER + 2 :]))  # longs of one byte in two
@example((SIMPLE, SIMPLE[:AFTER_USER] + b"\xff" * 9 + b"\x7f" + SIMPLE[AFTER_USER + 1 :]))  # more than 64 bits
@example((SIMPLE, SIMPLE[: AFTER_USER + 1] + b"\xff" * 9 + b"\x7f" + SIMPLE[AFTER_USER + 2 :]))
@example((SIMPLE, SIMPLE[: PREFIX.size] + b"\x07" + SIMPLE[PREFIX.size + 1 :]))  # a length below zero
@example((SIMPLE, SIMPLE.replace(b"ann", b"a\xffn")))
@example((SIMPLE, b"\x01" + SIMPLE[1:]))
def test_what_is_not_as_written_is_read_or_refused_as_the_decoder_does(pair: tuple[bytes, bytes]) -> None:
    good, value = pair
    # the good one comes first, so that its version and its place are known and the quick way is open
    assert outcome(folded, [good, value]) == outcome(plainly, [good, value])


@given(st.binary(max_size=40))
def test_the_quick_way_never_fails_and_never_goes_past_its_tail(body: bytes) -> None:
    tail = written(("", 0, 0, "Portugal", "IOS"))[PREFIX.size + 3 :]
    for value in (body, SIMPLE[: PREFIX.size] + body, SIMPLE[: PREFIX.size] + body + tail):
        found = _quickly(value, {tail: 0})
        if found is not None:
            record = CODEC.read(value[PREFIX.size :])
            assert found == (record["user_id"], pack(record["time"], record["offset"], 0))


def test_a_tombstone_forgets_its_user_and_the_next_record_brings_it_back() -> None:
    log, partitions = ProfileLog(Counted()), {0: Partition(), 1: Partition()}
    ann = written(("ann", 1, 2, "Portugal", "IOS"))
    messages = [Message(ann), Message(ann, partition=1), Message(None, "ann"), Message(None, "bob")]
    log.fold(partitions, messages)  # type: ignore[arg-type]
    assert [dict(one) for one in partitions.values()] == [{}, {"ann": Profile(1, 2, "Portugal", "IOS")}]
    log.fold(partitions, [Message(ann)])  # type: ignore[list-item]
    assert partitions[0] == partitions[1]


def test_partitions_number_their_places_apart() -> None:
    log, partitions = ProfileLog(Counted()), {0: Partition(), 1: Partition()}
    rows = [("ann", 1, 1, "Portugal", "IOS"), ("bob", 2, 2, "Spain", "WEB"), ("cid", 3, 3, "Spain", "WEB")]
    order = [(0, 0), (0, 1), (1, 1), (1, 0), (0, 2), (1, 2)]
    log.fold(partitions, [Message(written(rows[row]), partition=part) for part, row in order])  # type: ignore[misc]
    expected = {user: Profile(*profile) for user, *profile in rows}
    assert partitions == {0: expected, 1: expected}


def test_a_version_with_its_fields_in_another_order_is_read_by_the_decoder() -> None:
    fields = copy.deepcopy(VERSION.resolved["fields"])
    fields[1], fields[2] = fields[2], fields[1]
    version = replace(VERSION)
    vars(version)["resolved"] = VERSION.resolved | {"fields": fields}
    by, other = Counted(), Codec(version, ID)
    by._codecs[ID] = other
    record = {"user_id": "ann", "time": 1, "offset": 2, "country": "Portugal", "platform": "IOS"}
    assert folded([other.write(record)] * 3, by) == {"ann": Profile(1, 2, "Portugal", "IOS")}
    assert by.asked == 3
