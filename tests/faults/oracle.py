"""The oracle: every raw event has exactly one outcome, and it is the right one.

Recomputes what the quality processor should have written, in one thread and with code of its own (`outcomes`,
`strict_avro`), and compares by identity: a record belongs to the raw record that its source headers name.
"""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from avrogate.kafka import client_config
from avrogate.kafka_groups import committed_offsets
from avrogate.settings import Settings
from schemas.catalog import Catalog

sys.path.insert(0, str(Path(__file__).parent))  # tests are in no package

from outcomes import Judge, Refusal, Side, Unfounded
from strict_avro import Malformed, decode

GROUP = "avrogate-quality"
SAMPLES = 20
PATIENCE = 120.0
DONE = b""  # in the place of an outcome that was found
NONE: Any = (None, None)


@dataclass
class Verdict:
    """What the comparison found. `events` have an offset below the group's; `pending` have not been processed yet.

    `wrong` counts outcomes that are not what they should be, outcomes of nothing, and wrong profiles.
    """

    events: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: int = 0
    pending: int = 0
    enriched: int = 0
    dead_letters: int = 0
    profiles: int = 0
    samples: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether nothing is lost, twice or wrong."""
        return not (self.lost or self.duplicated or self.wrong)

    def note(self, text: str) -> None:
        """Keep an example of what is not right."""
        if len(self.samples) < SAMPLES:
            self.samples.append(text)


@dataclass(frozen=True)
class Expected:
    """The dead letter of one event: shared by all that have the same; the original's digest stands beside it."""

    refusal: Refusal
    attempts: int


Outcome = bytes | tuple[Expected, bytes]


def compare(settings: Settings, catalog: Catalog, group: str = GROUP) -> Verdict:
    """Judge everything that was written before the call; to be called while no processor runs.

    Some 400 bytes of memory per event. Raises NotImplementedError for a contract that the oracle does not know.
    """
    return _Comparison(settings, catalog, group).run()


class _Comparison:
    def __init__(self, settings: Settings, catalog: Catalog, group: str) -> None:
        self.settings = settings
        self.raw = catalog.stage_topic("raw")
        self.enriched = catalog.stage_topic("enriched")
        self.letters = catalog.topic_of("pipeline", "dead-letter")
        self.profile_topic = catalog.topic_of("pipeline", "user-profile")
        limits = _limits(settings, (self.enriched, self.profile_topic, self.letters))
        self.judge = Judge(settings, catalog, min(limits[self.enriched], limits[self.profile_topic]))
        self.room = limits[self.letters]
        self.partitions = len(_metadata(settings, self.raw))
        self.committed = committed_offsets(settings, group, self.raw, self.partitions)
        self.expected: dict[int, dict[int, Outcome]] = {number: {} for number in range(self.partitions)}
        self.cut: dict[tuple[int, int], dict[str, Any]] = {}
        self.shared: dict[Expected, Expected] = {}
        self.verdict = Verdict()

    def run(self) -> Verdict:
        self._recompute()
        for message in _read(self.settings, self.enriched):
            self._enriched(message)
        sides = self._sides(self.letters, "DeadLetter")
        for message in _read(self.settings, self.letters):
            self._letter(message, sides)
        self._cut_letters()
        self._profiles(self._sides(self.profile_topic, "UserProfile"))
        for partition, outcomes in self.expected.items():
            for offset, outcome in outcomes.items():
                if outcome is not DONE:
                    self.verdict.lost += 1
                    self.verdict.note(f"lost: {partition}/{offset}, should be {_told(outcome)}")
        return self.verdict

    def _wrong(self, text: str) -> None:
        self.verdict.wrong += 1
        self.verdict.note(text)

    def _recompute(self) -> None:
        """The outcome of each raw event below the committed offsets. A partition's records come in order."""
        outcome, shared, verdict = self.judge.outcome, self.shared, self.verdict
        for message in _read(self.settings, self.raw):
            partition, offset = message.partition() or 0, message.offset() or 0
            if offset >= (self.committed[partition] or 0):
                verdict.pending += 1
                continue
            verdict.events += 1
            key, value, timestamp = message.key(), message.value(), message.timestamp()[1]
            try:
                found = outcome(partition, offset, timestamp, key, value)
            except Unfounded as error:
                self._wrong(f"{partition}/{offset} is below the committed offset, though {error}")
                continue
            if isinstance(found, bytes):
                # an enriched event's key is the raw one's (misplaced-key); it is UTF-8, in which 255 never occurs
                self.expected[partition][offset] = (key or b"") + b"\xff" + found
            else:
                headers = message.headers() or []
                expected = Expected(found, _attempts(headers))
                expected = shared.setdefault(expected, expected)
                self.expected[partition][offset] = expected, _digest(timestamp, key, value, headers)

    def _take(self, message: Message, what: str) -> tuple[int, int, Outcome] | None:
        """The raw record that an outcome belongs to, and what should have become of it."""
        source = _source(message, self.raw)
        here = f"{what} {message.partition()}/{message.offset()}"
        if source is None:
            self._wrong(f"{here} names no source in {self.raw}: headers {message.headers()}")
            return None
        partition, offset = source
        outcome = self.expected.get(partition, {}).get(offset)
        if outcome is None:
            self._wrong(f"{here} comes from {partition}/{offset}, which is not committed or not there")
            return None
        if outcome is DONE:
            self.verdict.duplicated += 1
            self.verdict.note(f"duplicated: {here} is not the first outcome of {partition}/{offset}")
            return None
        self.expected[partition][offset] = DONE
        return partition, offset, outcome

    def _enriched(self, message: Message) -> None:
        self.verdict.enriched += 1
        taken = self._take(message, "enriched")
        if taken is None:
            return
        partition, offset, outcome = taken
        key, value = message.key() or b"", message.value() or b""
        if not isinstance(outcome, bytes) or key + b"\xff" + value != outcome:
            self._wrong(
                f"{partition}/{offset}: enriched as key {key!r} {self._record(value)}, not {self._want(outcome)}"
            )

    def _letter(self, message: Message, sides: dict[int, Side]) -> None:
        value = message.value() or b""
        side = sides.get(int.from_bytes(value[1:5], "big"))
        try:
            letter = decode(side.read, value[5:]) if side and value[0] == 0 else None
        except Malformed:
            letter = None
        if letter is None:
            self._wrong(f"dead letter {message.partition()}/{message.offset()} cannot be read: {value[:60]!r}")
            return
        if letter["stage"] == "producer":
            return
        self.verdict.dead_letters += 1
        taken = self._take(message, "dead letter")
        if taken is None:
            return
        partition, offset, outcome = taken
        if isinstance(outcome, bytes):
            refused = f"{letter['reason']} ({letter['message']})"
            self._wrong(f"{partition}/{offset}: refused with {refused}, not {self._want(outcome)}")
            return
        expected, digest = outcome
        wrong = _differences(letter, expected, self.raw, partition, offset)
        if message.key() != letter["key"]:
            wrong.append(f"key of the record {message.key()!r}")
        headers = [(header["name"], header["value"]) for header in letter["headers"]]
        if _digest(letter["timestamp"], letter["key"], letter["original"], headers) != digest:
            self.cut[partition, offset] = letter
        if wrong:
            self._wrong(
                f"{partition}/{offset}: dead letter {letter['reason']} ({letter['message']}): {'; '.join(wrong)}"
            )

    def _cut_letters(self) -> None:
        """Dead letters that do not hold all of the original: it must not have fitted, and the rest must be right."""
        for message in _read(self.settings, self.raw) if self.cut else ():
            place = message.partition() or 0, message.offset() or 0
            letter = self.cut.get(place)
            if letter is not None and not _cut_with_reason(letter, message, self.room):
                self._wrong(f"{place[0]}/{place[1]}: bytes, key, headers or timestamp of the original are not kept")

    def _profiles(self, sides: dict[int, Side]) -> None:
        found: dict[tuple[int, bytes], tuple[bytes, Any]] = {}
        for message in _read(self.settings, self.profile_topic):
            place, value = (message.partition() or 0, message.key() or b""), message.value()
            if value is None:
                found.pop(place, None)
            else:
                found[place] = value, _source(message, self.raw)
        self.verdict.profiles = len(found)
        for partition, users in self.judge.profiles.items():
            for user, (at, offset, country, platform) in users.items():
                want = {"user_id": user, "time": at, "offset": offset, "country": country, "platform": platform}
                value, source = found.pop((partition, user.encode()), NONE)
                side = sides.get(int.from_bytes(value[1:5], "big")) if value else None
                try:
                    have = decode(side.read, value[5:]) if side else None
                except Malformed:
                    have = None
                if have != want or source != (partition, offset):
                    self._wrong(f"profile in {partition}: {have} from {source}, not {want}")
        for (partition, key), (value, _) in found.items():
            self._wrong(f"profile in {partition} of {key!r}, who should have none there: {value!r}")

    def _sides(self, topic: str, record: str) -> dict[int, Side]:
        registry = self.judge.registry
        found = registry.versions(f"{topic}-games.pipeline.{record}")
        return {one["id"]: registry.side(one) for one in found}

    def _want(self, outcome: Outcome) -> str:
        if not isinstance(outcome, bytes):
            return _told(outcome)
        key, _, value = outcome.partition(b"\xff")
        return f"key {key!r} {self._record(value)}"

    def _record(self, value: bytes) -> Any:
        for kind in self.judge.kinds.values():
            if value[:5] == struct.pack(">bI", 0, kind.enriched.schema_id):
                try:
                    return decode(kind.enriched.read, value[5:])
                except Malformed as error:
                    return f"{error}: {value!r}"
        return value


def _told(outcome: Outcome) -> str:
    return "enriched" if isinstance(outcome, bytes) else f"refused: {outcome[0]}"


def _differences(letter: dict[str, Any], expected: Expected, topic: str, partition: int, offset: int) -> list[str]:
    want = {
        **expected.refusal._asdict(),
        "attempts": expected.attempts,
        "stage": "processor",
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "source": None,
        "line": None,
    }
    wrong = [f"{name} {letter[name]!r}, not {value!r}" for name, value in want.items() if letter[name] != value]
    return wrong + ([] if letter["message"] else ["no message"])


def _cut_with_reason(letter: dict[str, Any], raw: Message, room: int) -> bool:
    """Whether a letter holds what it can: the beginning of a value that is too large for its topic."""
    key, value, headers = raw.key(), raw.value(), raw.headers() or []
    size = len(value or b"") + len(key or b"") + sum(len(name) + len(text or b"") + 10 for name, text in headers)
    kept = [(one["name"], one["value"]) for one in letter["headers"]]
    whole = letter["original"] == value and letter["original_size"] is None
    cut = value is not None and value.startswith(letter["original"]) and letter["original_size"] == len(value)
    same_key = letter["key"] == key or (len(letter["key"] or b"") >= 1000 and (key or b"").startswith(letter["key"]))
    return (
        size + len(str(letter["message"])) + 600 > room
        and letter["timestamp"] == max(raw.timestamp()[1], 0)
        and (whole or cut)
        and kept in ([], headers)
        and same_key
    )


def _attempts(headers: list[Any]) -> int:
    """How often an event was tried: more than once only if it is a dead letter that was sent again."""
    found = dict(headers)
    text = found.get("attempts") or b""
    return int(text) if "dead-letter" in found and text.isdigit() and len(text) < 10 and int(text) else 1


def _digest(timestamp: int, key: bytes | None, value: bytes | None, headers: list[Any]) -> bytes:
    """16 bytes that stand for the original; lengths first, so that nothing can move from one part to the next."""
    parts = [key, value]
    for name, content in headers:
        parts += [name.encode(), content]
    lengths = [-1 if part is None else len(part) for part in parts]
    head = struct.pack(f">q{len(lengths)}q", max(timestamp, 0), *lengths)
    return blake2b(b"".join((head, *(part or b"" for part in parts))), digest_size=16).digest()


def _source(message: Message, raw: str) -> tuple[int, int] | None:
    try:
        found = dict(message.headers() or ())
        if found["source-topic"] == raw.encode():
            return int(found["source-partition"]), int(found["source-offset"])
    except (KeyError, ValueError, TypeError):
        pass
    return None


def _limits(settings: Settings, topics: tuple[str, ...]) -> dict[str, int]:
    asked = {topic: ConfigResource(ResourceType.TOPIC, topic) for topic in topics}
    client = AdminClient(client_config(settings))
    answers = client.describe_configs(list(asked.values()))
    return {topic: int(answers[one].result()["max.message.bytes"].value) for topic, one in asked.items()}


def _metadata(settings: Settings, topic: str) -> list[int]:
    return sorted(AdminClient(client_config(settings)).list_topics(topic, timeout=30).topics[topic].partitions)


def _read(settings: Settings, topic: str) -> Iterator[Message]:
    """Every committed record, up to the end at the call; open transactions are waited for."""
    options = client_config(settings, group_id="oracle", enable_auto_commit=False, enable_partition_eof=True)
    probe = Consumer(options | {"isolation.level": "read_uncommitted"})
    bounds = {
        number: probe.get_watermark_offsets(TopicPartition(topic, number), timeout=30, cached=False)
        for number in _metadata(settings, topic)
    }
    probe.close()
    reader = Consumer(options | {"isolation.level": "read_committed", "fetch.wait.max.ms": 50})
    reader.assign([TopicPartition(topic, number, low) for number, (low, _) in bounds.items()])
    left = {number for number, (low, high) in bounds.items() if low < high}
    heard = time.monotonic()
    try:
        while left:
            messages = reader.consume(10_000, 0.1)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > PATIENCE:
                raise TimeoutError(
                    f"{topic}: nothing came for {PATIENCE:.0f} seconds; partitions {left} are not read"
                )
            for message in messages:
                number, position = message.partition() or 0, message.offset() or 0
                if message.error() is None:
                    position += 1
                    if position <= bounds[number][1]:
                        yield message
                if position >= bounds[number][1]:
                    left.discard(number)
    finally:
        reader.close()
