"""Raw records as a processor may meet them: usual ones, and whatever can be wrong or unusual about them."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from processors.records import RawRecord
from producers.generator import Generator, Plan
from schemas.codec import Codec

NOON = 1_767_268_800
SPAN = 3600
KEYS = {"init": "user_id", "match": "user_a", "in-app-purchase": "user_id"}
TEXTS = ("", " ", "a", "ann", "42", "042", "ß", "é", "日本語" * 17, "x" * 50, "x" * 51, "x" * 63, "x" * 64, "x" * 101)
MORE_TEXTS = ("y" * 300, "é" * 40, "e\u0301", "\0", "pt", "PRT", "zz", "ZZ", "ios", "ｉｏｓ", "İ", "product-7")
NUMBERS = (0, 1, -1, 5, 6, 42, 63, 64, 999, 1000, 2**31, 2**53, 2**54, 2**55, 2**62, 2**63 - 1, -(2**63))
TIMES = (NOON * 1000 + 500, 946_684_799_000, 946_684_800_000, (NOON + SPAN + 300) * 1000, (NOON + SPAN + 301) * 1000)
PRICES = tuple(
    map(Decimal, ("0", "-0.01", "0.01", "1.28", "327.67", "327.68", "9999999999999999.99", "99999999999999999.99"))
)

Change = Callable[[random.Random, dict[str, Any]], None]


def records(codecs: dict[str, Codec], seed: int, number: int, share: float) -> list[RawRecord]:
    """`number` records of four partitions; a `share` of them is changed in some way."""
    chance = random.Random(seed)
    offsets = [0] * 4
    made = []
    for line in Generator(Plan(number, seed, NOON, SPAN, late_share=0.05)):
        kind = line.event["event-type"]
        codec = codecs[kind]
        record = codec.contract.to_record(line.event)
        changed = chance.random() < share
        if changed and chance.random() < 0.6:
            _change(chance, record)
        key: bytes | None = str(record[KEYS[kind]]).encode()
        value: bytes | None = codec.write(record)
        if changed and chance.random() < 0.5:
            key, value = spoil(chance, key, value or b"")
        partition = hash((seed, key)) % 4 if key is None else sum(key) % 4
        offsets[partition] += chance.choice((1, 1, 1, 2))
        made.append(RawRecord("events-raw", partition, offsets[partition], (NOON + SPAN) * 1000, key, value))
    return made


def _change(chance: random.Random, record: dict[str, Any]) -> None:
    """Another value in one of the fields: still Avro, perhaps against the contract or a rule."""
    name = chance.choice([name for name in record if name != "event_type"])
    match record[name]:
        case dict() as inner if chance.random() < 0.8:
            _change(chance, inner)
        case dict() | None:
            record[name] = None if name == "user_b_postmatch_info" else record[name]
        case Decimal():
            record[name] = chance.choice(PRICES)
        case int() if name == "time":
            record[name] = chance.choice(TIMES + NUMBERS)
        case int() if name != "user_id":
            record[name] = chance.choice(NUMBERS)
        case _ if name == "user_id" and chance.random() < 0.5:
            record[name] = chance.choice(NUMBERS)
        case _:
            record[name] = chance.choice(TEXTS + MORE_TEXTS)


def spoil(chance: random.Random, key: bytes | None, value: bytes) -> tuple[bytes | None, bytes | None]:
    """Other bytes, or another key."""
    place = chance.randrange(len(value))
    match chance.randrange(11):
        case 0:
            return key, None
        case 1:
            return key, b""
        case 2:
            return key, value[:place]
        case 3:
            return key, value + b"\0"
        case 4:
            return key, value[:place] + bytes([chance.randrange(256)]) + value[place + 1 :]
        case 5:
            return key, value[:place] + bytes([value[place] ^ 1 << chance.randrange(8)]) + value[place + 1 :]
        case 6:
            return key, value[:place] + value[place + 1 :]
        case 7:  # a number in more bytes than it takes
            return key, value[:place] + bytes([value[place] | 128, 0]) + value[place + 1 :]
        case 8:
            return key, value[:4] + bytes([chance.randrange(256)]) + value[5:]
        case 9:
            return chance.choice((None, b"", b"somebody else", b"\xff", (key or b"") + b" ")), value
        case _:
            return key, b"\1" + value[1:]
