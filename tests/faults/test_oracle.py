"""The oracle notices every kind of defect: it is shown what a right processor wrote, with one thing changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from avrogate.kafka import producer
from conftest import by_path
from processors.run import process
from producers.generator import Generator, Plan
from producers.run import produce

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack
Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True)
class Copy:
    """A record of Kafka's that can be changed."""

    at: tuple[int, int]
    when: tuple[int, int]
    k: bytes | None
    v: bytes | None
    h: Headers

    def partition(self) -> int:
        return self.at[0]

    def offset(self) -> int:
        return self.at[1]

    def timestamp(self) -> tuple[int, int]:
        return self.when

    def key(self) -> bytes | None:
        return self.k

    def value(self) -> bytes | None:
        return self.v

    def headers(self) -> Headers:
        return self.h


Records = list[Copy]


@pytest.fixture
def oracle() -> ModuleType:
    return by_path(Path(__file__).with_name("oracle.py"))


def value_changed(one: Copy, old: bytes, new: bytes) -> Copy:
    assert old in (one.v or b"")
    return replace(one, v=(one.v or b"").replace(old, new, 1))


def first(records: Records, having: bytes) -> int:
    return next(place for place, one in enumerate(records) if having in (one.v or b""))


def changed(having: bytes, change: Callable[[Copy], Copy]) -> Callable[[Records], Records]:
    def apply(records: Records) -> Records:
        place = first(records, having)
        return [*records[:place], change(records[place]), *records[place + 1 :]]

    return apply


def moved(one: Copy) -> Copy:
    return replace(one, h=[(n, b"999999" if n == "source-offset" else v) for n, v in one.h])


def next_partition(one: Copy) -> Copy:
    return replace(one, at=((one.at[0] + 1) % 4, one.at[1]))


IOS, LETTER = b"\x06IOS", b"never an event"
# what is done to a topic, and what the oracle counts: lost, duplicated, wrong
DEFECTS: dict[str, tuple[str, Callable[[Records], Records], tuple[int, int, int]]] = {
    "an enriched event is dropped": ("enriched", lambda found: found[1:], (1, 0, 0)),
    "an enriched event is there twice": ("enriched", lambda found: [*found, found[0]], (0, 1, 0)),
    "a dead letter is dropped": ("letters", lambda found: found[1:], (1, 0, 0)),
    "a dead letter is there twice": ("letters", lambda found: [*found, found[-1]], (0, 1, 0)),
    "a field is changed": ("enriched", changed(IOS, lambda one: value_changed(one, IOS, b"\x06ios")), (0, 0, 1)),
    "a key is changed": ("enriched", changed(b"", lambda one: replace(one, k=b"somebody")), (0, 0, 1)),
    "a schema id is changed": (
        "enriched",
        changed(b"", lambda one: replace(one, v=b"\0\0\0\xff\xff" + (one.v or b"")[5:])),
        (0, 0, 1),
    ),
    "an enriched event names another source": ("enriched", changed(b"", moved), (1, 0, 1)),
    "an enriched event names no source": ("enriched", changed(b"", lambda one: replace(one, h=[])), (1, 0, 1)),
    "a byte of the original is changed": (
        "letters",
        changed(LETTER, lambda one: value_changed(one, LETTER, b"newer an event")),
        (0, 0, 1),
    ),
    "a header's value is changed": (
        "letters",
        changed(LETTER, lambda one: value_changed(one, b"trace-me", b"trace-ME")),
        (0, 0, 1),
    ),
    "a reason is changed": (
        "letters",
        changed(LETTER, lambda one: value_changed(one, b"wrong-magic-byte", b"wrong-magic-word")),
        (0, 0, 1),
    ),
    "a dead letter cannot be read": (
        "letters",
        changed(LETTER, lambda one: replace(one, v=(one.v or b"") + b"\0")),
        (1, 0, 1),
    ),
    "a refused event came out enriched": ("both", lambda found: found, (0, 0, 1)),
    "a profile is missing": ("profiles", lambda found: [one for one in found if one.k != found[0].k], (0, 0, 1)),
    "a profile has another platform": (
        "profiles",
        lambda found: [*found, value_changed(found[-1], (found[-1].v or b"")[-3:], b"???")],
        (0, 0, 1),
    ),
    "a profile is in another partition": (
        "profiles",
        lambda found: [next_partition(one) if one.k == found[0].k else one for one in found],
        (0, 0, 2),
    ),
    "a profile too many": ("profiles", lambda found: [*found, replace(found[0], k=b"nobody")], (0, 0, 1)),
}


def filled(platform: Platform) -> None:
    plan = Plan(events=1500, seed=4, start=int(time.time()) - 600, span=600, late_share=0.05, invalid_share=0.05)
    produce(platform.settings, Generator(plan), catalog=platform.catalog)
    client = producer(platform.settings)
    client.produce(platform.catalog.stage_topic("raw"), LETTER, b"k", headers=[("id", b"trace-me"), ("none", None)])
    client.flush()


def test_every_kind_of_defect_is_noticed(
    platform: Platform, oracle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(platform)
    tally = process(platform.settings, Event(), until_idle=0.5, catalog=platform.catalog)
    verdict = oracle.compare(platform.settings, platform.catalog)
    assert verdict.right, verdict.samples
    assert (verdict.events, verdict.pending) == (tally.events, 0)
    assert (verdict.enriched, verdict.dead_letters) == (tally.enriched.total(), tally.refused.total())
    assert min(verdict.enriched, verdict.dead_letters, verdict.profiles) > 0

    catalog = platform.catalog
    names = {
        "enriched": catalog.stage_topic("enriched"),
        "letters": catalog.topic_of("pipeline", "dead-letter"),
        "profiles": catalog.topic_of("pipeline", "user-profile"),
        "raw": catalog.stage_topic("raw"),
    }
    content = {name: [copy(one) for one in oracle._read(platform.settings, name)] for name in names.values()}
    letters = content[names["letters"]]
    content[names["letters"]] = [one for one in letters if one.h]  # those of the producer have no headers
    for what, (topic, change, counts) in DEFECTS.items():
        shown = dict(content)
        if topic == "both":
            letter = shown[names["letters"]][0]
            shown[names["letters"]] = shown[names["letters"]][1:]
            shown[names["enriched"]] = [*shown[names["enriched"]], letter]
        else:
            shown[names[topic]] = change(shown[names[topic]])
        monkeypatch.setattr(oracle, "_read", lambda settings, name, shown=shown: iter(shown[name]))
        verdict = oracle.compare(platform.settings, catalog)
        assert (verdict.lost, verdict.duplicated, verdict.wrong) == counts, (what, verdict.samples)
        assert not verdict.right and verdict.samples, what


def copy(message: Any) -> Copy:
    at = message.partition(), message.offset()
    return Copy(at, message.timestamp(), message.key(), message.value(), message.headers() or [])


def test_what_is_not_processed_is_pending(platform: Platform, oracle: ModuleType) -> None:
    filled(platform)
    verdict = oracle.compare(platform.settings, platform.catalog)
    assert verdict.right and verdict.events == 0 and verdict.pending > 1000
