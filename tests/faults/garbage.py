"""Garbage for the quality processor: valid events of all types, most of them mutated, under odd keys and headers."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from confluent_kafka import Producer

from avrogate.kafka import client_config
from avrogate.settings import Settings
from producers.generator import Generator, Plan
from schemas.catalog import Catalog
from schemas.registry import Registry
from schemas.routes import Routes

sys.path.insert(0, str(Path(__file__).parent))  # tests are in no package

from outcomes import HttpRegistry

VALID_SHARE, ODD_KEY_SHARE, ODD_HEADERS_SHARE = 0.35, 0.06, 0.05
# different events that are mutated; more would cost more than the mutations, and show nothing new
EVENTS = 20_000
Headers = list[tuple[str, bytes | None]]
Value = bytes | None
NUMBERS = (
    b"\x80" * 9 + b"\x01",
    b"\xff" * 9 + b"\x03",
    b"\xff" * 9 + b"\x01",
    b"\xff" * 12,
    b"\x80" * 30 + b"\0",
    b"\x80\0",
)
HUGE = (b"\xfe\xff\xff\xff\x0f", b"\xfe" + b"\xff" * 8 + b"\x01", b"\x80\x80\x80\x01", b"\xff" * 9 + b"\x01")
TEXTS = (b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "ß".encode(), "ŉ".encode(), b"\0", b"'\"\n")


class Mutations:
    """The ways in which a value is spoilt. `ids` are schema ids that are no raw event's here."""

    def __init__(self, chance: random.Random, ids: list[int]) -> None:
        self._chance = chance
        self._ids = ids
        self._ways: list[Callable[[bytes], Value]] = [
            self.flipped,
            self.flipped,
            self.one_byte,
            self.one_byte,
            self.truncated,
            self.other_id,
            self.random_bytes,
            self.random_body,
            self.trailing,
            self.inserted(HUGE),
            self.inserted(NUMBERS),
            self.inserted(TEXTS),
            self.replaced(TEXTS),
            self.small_number,
            self.deep,
            self.magic,
            lambda value: b"",
            lambda value: None,
            self.removed,
        ]

    def mutate(self, value: bytes) -> Value:
        """A value spoilt in one way, and now and then in two."""
        spoilt = self._way()(value)
        return self._way()(spoilt) if spoilt and self._chance.random() < 0.2 else spoilt

    def _way(self) -> Callable[[bytes], Value]:
        return self._ways[int(self._chance.random() * len(self._ways))]

    def _place(self, value: bytes, first: int = 5) -> int:
        return (
            min(first + int(self._chance.random() * (len(value) - first + 1)), len(value))
            if len(value) > first
            else 0
        )

    def flipped(self, value: bytes) -> bytes:
        """One to three bits, anywhere behind the schema id."""
        spoilt = bytearray(value)
        for _ in range(1 + int(self._chance.random() * 3)):
            place = self._place(value)
            if place < len(spoilt):
                spoilt[place] ^= 1 << int(self._chance.random() * 8)
        return bytes(spoilt)

    def one_byte(self, value: bytes) -> bytes:
        """One byte is another one; often the enum's, the first."""
        place = 5 if self._chance.random() < 0.3 else self._place(value)
        return value[:place] + bytes([int(self._chance.random() * 256)]) + value[place + 1 :]

    def small_number(self, value: bytes) -> bytes:
        """A byte becomes a small number, as indexes and lengths are: one more, one less, negative."""
        place = self._place(value)
        return value[:place] + b"\0\1\2\3\4\5\x7f"[int(self._chance.random() * 7) :][:1] + value[place + 1 :]

    def truncated(self, value: bytes) -> bytes:
        return value[: self._place(value, 0)]

    def removed(self, value: bytes) -> bytes:
        place = self._place(value)
        return value[:place] + value[place + 1 + int(self._chance.random() * 4) :]

    def other_id(self, value: bytes) -> bytes:
        """Unknown, of another subject, negative, huge."""
        return b"\0" + self._chance.choice(self._ids).to_bytes(4, "big") + value[5:]

    def random_bytes(self, value: bytes) -> bytes:
        spoilt = self._chance.randbytes(int(self._chance.random() * 80))
        return b"\1" + spoilt[1:] if spoilt[:1] == b"\0" else spoilt

    def random_body(self, value: bytes) -> bytes:
        return value[:5] + self._chance.randbytes(int(self._chance.random() * 60))

    def trailing(self, value: bytes) -> bytes:
        return value + self._chance.randbytes(1 + int(self._chance.random() * 5))

    def deep(self, value: bytes) -> bytes:
        """Indexes of unions and counts of blocks, many times over."""
        return value[: self._place(value)] + b"\2" * int(self._chance.random() * 3000)

    def magic(self, value: bytes) -> bytes:
        return bytes([1 + int(self._chance.random() * 255)]) + value[1:]

    def inserted(self, what: tuple[bytes, ...]) -> Callable[[bytes], bytes]:
        def spoil(value: bytes) -> bytes:
            place = self._place(value)
            return value[:place] + self._chance.choice(what) + value[place:]

        return spoil

    def replaced(self, what: tuple[bytes, ...]) -> Callable[[bytes], bytes]:
        def spoil(value: bytes) -> bytes:
            place, new = self._place(value), self._chance.choice(what)
            return value[:place] + new + value[place + len(new) :]

        return spoil


def produce_garbage(settings: Settings, catalog: Catalog, payloads: int, seed: int) -> int:
    """Send `payloads` records to the raw topic, the same ones for the same seed and second; how many were spoilt.

    Ids under which the registry has another platform's raw events are left out: the processor would wait for an
    update. Raises SchemaNotRegistered, BrokerUnavailable.
    """
    topic = catalog.stage_topic("raw")
    chance = random.Random(f"garbage {seed}")
    mutations = Mutations(chance, _ids(settings, catalog, chance))
    client = Producer(
        client_config(
            settings,
            compression_type="lz4",
            linger_ms=20,
            queue_buffering_max_messages=1_000_000,
            enable_idempotence=True,
            partitioner="murmur2_random",
        )
    )
    spoilt = 0
    events = list(_events(settings, catalog, min(payloads, EVENTS), seed))
    for number in range(payloads):
        key, value = events[number % len(events)]
        sent_key: Value = key
        sent: Value = value
        if chance.random() >= VALID_SHARE:
            sent = mutations.mutate(value)
            spoilt += 1
        if chance.random() < ODD_KEY_SHARE:
            sent_key = chance.choice((None, b"", b"\xff\xfe\x00", key + b" ", chance.randbytes(200), b"somebody"))
        odd = _headers(chance) if chance.random() < ODD_HEADERS_SHARE else None
        while True:
            try:
                client.produce(topic, sent, sent_key, headers=odd)
                break
            except BufferError:
                client.poll(0.1)
        if number % 1000 == 0:
            client.poll(0)
    left = client.flush(60)
    if left:
        raise TimeoutError(f"{left} records were not taken")
    return spoilt


def _events(settings: Settings, catalog: Catalog, events: int, seed: int) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of valid events."""
    routes = Routes(catalog, Registry(settings))
    plan = Plan(events=events, seed=seed, start=int(time.time()) - 600, span=600, late_share=0.05)
    for line in Generator(plan):
        yield routes.of(line.event).encode(line.event, None)


def _ids(settings: Settings, catalog: Catalog, chance: random.Random) -> list[int]:
    """Other subjects' ids of this catalog, and some that no registry has. Few: each is looked up."""
    registry = HttpRegistry(settings)
    raw = catalog.stage_topic("raw")
    events = {version.subject for event in catalog.topics[raw].events for version in catalog.of(raw, event)}
    subjects = sorted({version.subject for version in catalog.versions} - events)
    ours = {one["id"] for subject in subjects for one in registry.versions(subject)}
    theirs = {one["id"] for subject in events for one in registry.versions(subject)}
    unknown = [2**32 - 1, 2**31, 2**31 - 1, *(1_000_000 + int(chance.random() * 2**30) for _ in range(40))]
    return [*sorted(ours - theirs), *unknown]


def _headers(chance: random.Random) -> Headers:
    """Many, none's, not UTF-8, and some that look like the processor's own."""
    kinds: tuple[Headers, ...] = (
        [("n", b"%d" % number) for number in range(50)],
        [("", None), ("a", b""), ("a", chance.randbytes(30))],
        [("source-topic", b"events-raw"), ("source-partition", b"0"), ("source-offset", b"0")],
        [("dead-letter", b"3/1234"), ("attempts", chance.choice((b"2", b"0", b"x", b"", b"99999999999", b"-1")))],
        [("attempts", b"7")],
        [("dead-letter", None), ("attempts", None)],
        [("dead-letter", b"0/1"), ("attempts", b"3"), ("attempts", b"5")],
    )
    return chance.choice(kinds)
