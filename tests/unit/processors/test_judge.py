"""The judgement of one raw event, on a registry in memory."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from avrogate.errors import NewerSchema, RegistryUnavailable
from avrogate.settings import Settings
from processors.judge import Judge
from processors.profiles import Overlay, Profiles
from processors.readers import Readers
from processors.records import Enriched, Outcome, RawRecord, Refused
from processors.rules import shipped_rules
from schemas.catalog import load_catalog
from schemas.codec import Codec
from schemas.decoder import full_name
from schemas.registry import RegisteredText
from schemas.versions import SchemaVersion
from schemas.wire_format import frame

CATALOG = load_catalog()
NEWER = 900


class Registry:
    """Ids by order of the catalog, from 1; 900 is a version of Init that nobody here knows."""

    url = "memory"

    def __init__(self) -> None:
        self.texts = {number: version.text for number, version in enumerate(CATALOG.versions, 1)}
        self.texts[NEWER] = CATALOG.newest("events-raw", "init").text.replace('"platform"', '"shape"')
        self.asked = 0

    def id_of(self, version: SchemaVersion) -> int:
        return 1 + CATALOG.versions.index(version)

    def text(self, schema_id: int) -> RegisteredText | None:
        self.asked += 1
        return RegisteredText(self.texts[schema_id], ()) if schema_id in self.texts else None

    text_now = text

    def ids(self, subject: str) -> list[int]:
        self.asked += 1
        names = {number: full_name(text) for number, text in self.texts.items()}
        return [number for number, name in names.items() if ".raw." in name and subject == f"events-raw-{name}"]


class Bench:
    """A judge with everything it needs, and an encoder for what it is to judge."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.readers = Readers(CATALOG, self.registry, shipped_rules())  # type: ignore[arg-type]
        self.judge_one = Judge(self.readers, Settings()).judge
        self.profiles: Overlay = Profiles({0: {}}).overlay()
        self.counts: dict[str, int] = {}
        self.offset = 0

    def codec(self, kind: str) -> Codec:
        version = CATALOG.newest("events-raw", kind)
        return Codec(version, self.registry.id_of(version))

    def judge(self, value: bytes | None, key: str | None = "ann", timestamp: int = 1_767_268_800_000) -> Outcome:
        self.offset += 1
        raw = RawRecord("events-raw", 0, self.offset, timestamp, key.encode() if key else None, value)
        return self.judge_one(raw, self.profiles, self.counts)

    def event(self, event: dict[str, Any]) -> Outcome:
        kind = event["event-type"]
        user = event.get("user-id", event.get("user-a"))
        return self.judge(self.codec(kind).encode(event), key=str(user))


@pytest.fixture
def bench() -> Bench:
    return Bench()


Make = Callable[..., dict[str, Any]]


def passed(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Enriched), outcome
    return outcome.record


def refused(outcome: Outcome) -> Refused:
    assert isinstance(outcome, Refused), outcome
    return outcome


def test_an_init_is_put_into_one_spelling(bench: Bench, event: Make) -> None:
    outcome = bench.event(event("init", {"user-id": 42, "platform": "android", "country": "prt"}))
    assert isinstance(outcome, Enriched)
    assert outcome.record == {
        "event_type": "init",
        "time": 1_767_268_800_000,
        "user_id": "42",
        "country": "Portugal",
        "country_code": "PRT",
        "platform": "ANDROID",
    }
    assert outcome.key == b"42"
    enriched = Codec(
        CATALOG.newest("events-enriched", "init"),
        bench.registry.id_of(CATALOG.newest("events-enriched", "init")),
    )
    assert outcome.value[:5] == enriched.write(outcome.record)[:5]
    assert enriched.read(outcome.value[5:]) == outcome.record


def test_a_purchase_gets_the_profile_that_the_log_has_at_that_point(bench: Bench, event: Make) -> None:
    purchase = event("in-app-purchase", {"user-id": 42, "purchase_value": Decimal("9.99")})
    before = passed(bench.event(purchase))
    assert (before["country"], before["platform"]) == (None, None)
    bench.event(event("init", {"user-id": "42", "country": "FR"}))
    after = passed(bench.event(purchase))
    assert (after["user_id"], after["country"], after["platform"]) == ("42", "France", "IOS")
    assert after["purchase_value"] == Decimal("9.99")
    bench.event(event("init", {"user-id": "42", "country": "DE", "time": 1_767_268_799}))
    assert passed(bench.event(purchase))["country"] == "France", "an older init must not win"
    bench.event(event("init", {"user-id": "42", "country": "DE"}))
    assert passed(bench.event(purchase))["country"] == "Germany", "at the same time, the later offset wins"


def test_a_match_gets_the_country_of_user_a(bench: Bench, event: Make) -> None:
    bench.event(event("init", {"user-id": "bob", "country": "ES"}))
    assert passed(bench.event(event("match")))["country"] is None
    bench.event(event("init", {"user-id": "ann", "country": "ZZ"}))
    record = passed(bench.event(event("match")))
    assert record["country"] == "Unknown"
    assert record["user_b_postmatch_info"] is None
    assert bench.counts == {"unknown-country": 1}


def test_a_refused_init_changes_no_profile(bench: Bench, event: Make) -> None:
    bench.judge(bench.codec("init").encode(event("init")), key="somebody else")
    assert bench.profiles.get(0, "ann") is None


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda value: None, "tombstone"),
        (lambda value: b"", "empty-value"),
        (lambda value: b"\x01" + value[1:], "wrong-magic-byte"),
        (lambda value: b"{" + value, "wrong-magic-byte"),
        (lambda value: value[:4], "truncated"),
        (lambda value: value[:5], "undecodable"),
        (lambda value: value[:-1], "undecodable"),
        (lambda value: value + b"\x00", "trailing-bytes"),
        (lambda value: frame(77, value[5:]), "unknown-schema"),
        (lambda value: frame(12, value[5:]), "unexpected-schema"),
    ],
)
def test_undecodable_bytes_are_refused_by_reason(
    bench: Bench, event: Make, spoil: Callable[[bytes], bytes | None], reason: str
) -> None:
    assert refused(bench.judge(spoil(bench.codec("init").encode(event("init"))))).reason == reason


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time": 1_767_268_800_500}, "time"),
        ({"time": -1000}, "time"),
        ({"user_id": ""}, "user-id"),
        ({"user_id": "x" * 51}, "user-id"),
        ({"user_id": -1}, "user-id"),
        ({"platform": "x" * 101}, "platform"),
    ],
)
def test_what_a_foreign_serializer_let_through_is_held_to_the_bounds(
    bench: Bench, event: Make, change: dict[str, Any], field: str
) -> None:
    codec = bench.codec("init")
    record = codec.contract.to_record(event("init")) | change
    outcome = refused(bench.judge(codec.write(record), key=str(record["user_id"])))
    assert (outcome.reason, outcome.field, outcome.schema_id) == ("out-of-bounds", field, codec.schema_id)
    assert outcome.message.startswith(f"{field}: ")


def test_a_fix_that_breaks_the_enriched_contract_is_a_refusal(bench: Bench, event: Make) -> None:
    sharp = event("match")["user-a-postmatch-info"] | {"platform": "ß" * 6}
    outcome = refused(bench.event(event("match", {"user-a-postmatch-info": sharp})))
    assert outcome.field == "user-a-postmatch-info.platform"


def test_rules_refuse_with_their_name(bench: Bench, event: Make) -> None:
    outcome = refused(bench.event(event("match", {"winner": "cat"})))
    assert (outcome.reason, outcome.rule, outcome.field) == ("winner-played", "winner-played", "winner")


def test_a_newer_version_waits(bench: Bench, event: Make) -> None:
    with pytest.raises(NewerSchema, match=r"games\.events\.raw\.Init"):
        bench.judge(frame(NEWER, b"\x00"))


def test_an_event_that_only_the_registry_has_waits(bench: Bench) -> None:
    bench.registry.texts[NEWER + 1] = CATALOG.newest("events-raw", "init").text.replace('"Init"', '"Logout"')
    with pytest.raises(NewerSchema, match=r"games\.events\.raw\.Logout, an event of events-raw"):
        bench.judge(frame(NEWER + 1, b"\x00"))


def test_a_part_of_an_event_is_no_event(bench: Bench) -> None:
    part = bench.registry.id_of(CATALOG.newest("events-raw", "post-match-info"))
    assert refused(bench.judge(frame(part, b"\x00"))).reason == "unexpected-schema"


def test_another_topics_events_are_asked_for_once(bench: Bench) -> None:
    enriched = bench.registry.id_of(CATALOG.newest("events-enriched", "init"))
    for _ in range(5):
        assert refused(bench.judge(frame(enriched, b"\x00"))).reason == "unexpected-schema"
    assert bench.registry.asked == 4, "its text, whether it is an event of our topic, and two that it must still have"


def test_unknown_ids_are_asked_for_once(bench: Bench) -> None:
    for _ in range(5):
        assert refused(bench.judge(frame(77, b""))).reason == "unknown-schema"
    assert bench.registry.asked == 4, "a look-up, two to see that the registry still has its store, and one more"


def test_a_store_that_comes_back_between_two_questions_is_asked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.registry, "text", lambda schema_id: None)
    with pytest.raises(NewerSchema):
        bench.judge(frame(NEWER, b"\x00"))


def test_ids_that_no_registry_can_have_are_not_asked_for(bench: Bench) -> None:
    assert refused(bench.judge(frame(2**31, b""))).reason == "unknown-schema"
    assert bench.registry.asked == 2, "only whether it still has its store"


def test_a_registry_of_an_older_copy_is_an_outage(bench: Bench) -> None:
    ids = [bench.registry.id_of(CATALOG.newest("events-raw", event)) for event in CATALOG.topics["events-raw"].events]
    del bench.registry.texts[max(ids)]
    with pytest.raises(RegistryUnavailable):
        bench.judge(frame(77, b""))


def test_what_waits_for_a_newer_installation_waits_when_the_store_is_lost(bench: Bench) -> None:
    bench.registry.texts[NEWER] = CATALOG.newest("events-raw", "init").text
    with pytest.raises(NewerSchema):
        bench.judge(frame(NEWER, b"\x00"))
    kept = bench.registry.texts[NEWER]
    bench.registry.texts.clear()
    bench.registry.texts[NEWER] = kept  # as the client remembers it
    bench.registry.ids = lambda subject: ()  # type: ignore[method-assign]
    with pytest.raises(RegistryUnavailable):
        bench.judge(frame(NEWER, b"\x00"))


@pytest.mark.parametrize("left", [None, "another"])
def test_a_registry_that_lost_its_store_is_an_outage(bench: Bench, left: str | None) -> None:
    lost = bench.registry.id_of(CATALOG.newest("events-raw", "init"))
    if left:
        bench.registry.texts[lost] = CATALOG.newest("events-raw", "match").text
    else:
        bench.registry.texts.clear()
    with pytest.raises(RegistryUnavailable):
        bench.judge(frame(77, b""))


def test_another_environments_event_of_our_name_is_no_event_of_our_topic(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.registry.texts[NEWER] = CATALOG.newest("events-raw", "match").text
    ours = bench.registry.ids
    monkeypatch.setattr(bench.registry, "ids", lambda subject: [one for one in ours(subject) if one != NEWER])
    assert refused(bench.judge(frame(NEWER, b"\x00"))).reason == "unexpected-schema"


def test_ids_that_nobody_knows_are_not_remembered_without_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.readers.REMEMBERED", 3)
    for schema_id in (77, 78, 79, 80):
        assert refused(bench.judge(frame(schema_id, b""))).reason == "unknown-schema"
    asked = bench.registry.asked
    refused(bench.judge(frame(80, b"")))
    assert bench.registry.asked == asked
    refused(bench.judge(frame(77, b"")))
    assert bench.registry.asked == asked + 4
