"""What the publisher sends, refuses, and counts."""

import json
from decimal import Decimal

import pytest
from confluent_kafka import KafkaError

from avrogate.errors import BrokerUnavailable, ConfigError, InvalidEvent, SchemaNotRegistered
from producers import Publisher
from producers.dropped import MANY
from schemas.catalog import shipped_catalog
from schemas.codec import Codec

INIT = {"event-type": "init", "time": 1_700_000_000, "user-id": "42", "country": "PT", "platform": "ios"}
INFO = {"coin-balance-after-match": 1, "level-after-match": 1, "device": "d", "platform": "ios"}
MATCH = {
    "event-type": "match", "time": 1_700_000_001, "user-a": "a", "user-b": "b", "user-a-postmatch-info": INFO,
    "winner": "a", "game-tier": 5, "duration": 60,
}  # fmt: skip
BUY = {
    "event-type": "in-app-purchase", "time": 1_700_000_002, "purchase_value": Decimal("4.99"), "user-id": 42,
    "product-id": "coins",
}  # fmt: skip


def read(topic, event, value):
    return Codec(shipped_catalog().newest(topic, event), 0).read(value[5:])


def letters(broker):
    return [read("events-dead-letter", "dead-letter", value) for _, value in broker.on("events-dead-letter")]


def dropping():
    """The catalog, with unknown fields of purchases dropped."""
    catalog = shipped_catalog()
    raw = catalog.topics["events-raw"]
    event = raw.events["in-app-purchase"].model_copy(update={"unknown_fields": "drop"})
    events = {**raw.events, "in-app-purchase": event}
    return catalog.model_copy(
        update={"topics": {**catalog.topics, "events-raw": raw.model_copy(update={"events": events})}}
    )


@pytest.fixture
def publisher(broker, settings):
    with Publisher(settings, clock=lambda: 1_800_000_000.5) as result:
        yield result


def test_sends_each_event_with_its_schema_keyed_by_its_user(broker, settings):
    with Publisher(settings) as publisher:
        assert [publisher.publish(event) for event in (INIT, MATCH, BUY)] == [None] * 3
    (init_key, init), (match_key, match), (buy_key, buy) = broker.on("events-raw")
    assert (init_key, match_key, buy_key) == (b"42", b"a", b"42")
    assert read("events-raw", "init", init)["user_id"] == "42"
    assert read("events-raw", "match", match)["time"] == 1_700_000_001_000
    assert read("events-raw", "in-app-purchase", buy)["purchase_value"] == Decimal("4.99")
    subject = shipped_catalog().newest("events-raw", "match").subject
    assert match[:5] == b"\0" + sum(map(ord, subject)).to_bytes(4, "big")


@pytest.mark.parametrize("form", [json.dumps, lambda event: json.dumps(event).encode()])
def test_text_is_as_good_as_an_object(broker, publisher, form):
    event = BUY | {"purchase_value": 4.99}
    publisher.publish(event)
    publisher.publish(form(event))
    publisher.flush()
    first, second = broker.on("events-raw")
    assert first == second


def test_the_summary_counts_by_event_reason_and_field(broker, settings):
    with Publisher(settings, dropping()) as publisher:
        for event in (INIT, INIT, BUY, {**BUY, "country": "PT"}, {**BUY, "user-id": True}, "{", "["):
            publisher.publish(event)
    summary = publisher.summary
    assert summary.sent == {"init": 2, "match": 0, "in-app-purchase": 2}
    assert summary.refused == {"wrong-type": 1, "not-json": 2}
    assert summary.dropped == {"in-app-purchase: country": 1}
    assert (summary.all_sent, summary.all_refused, summary.failed, summary.signal) == (4, 3, 0, None)
    assert summary.seconds > 0
    assert summary.rate == 7 / summary.seconds
    assert publisher.summary == summary  # closed: the clock stands


def test_a_refused_event_is_in_a_dead_letter_and_the_next_goes_on(broker, publisher):
    text = json.dumps({**BUY, "purchase_value": 3.999}).encode()
    refusal = publisher.publish(text, source="events.jsonl", line=17)
    publisher.publish(INIT)
    publisher.flush()
    assert (refusal.reason, refusal.field) == ("too-many-decimals", "purchase_value")
    (letter,) = letters(broker)
    assert letter == {
        "reason": "too-many-decimals",
        "message": "purchase_value: 3.999 has 3 decimal places, the contract allows 2",
        "stage": "producer",
        "rule": None,
        "field": "purchase_value",
        "source": "events.jsonl",
        "line": 17,
        "topic": "events-raw",
        "partition": None,
        "offset": None,
        "timestamp": None,
        "key": b"42",
        "original": text,
        "original_size": None,
        "headers": [],
        "schema_id": None,
        "attempts": 1,
        "time": 1_800_000_000_500,
    }
    assert [key for key, _ in broker.on("events-dead-letter")] == [b"42"]
    assert len(broker.on("events-raw")) == 1


@pytest.mark.parametrize(
    ("event", "reason", "field"),
    [
        ({**INIT, "event-type": "logout"}, "unknown-event", "event-type"),
        ({**INIT, "event-type": ["init"]}, "unknown-event", "event-type"),
        ({**INIT, "event-type": None}, "unknown-event", "event-type"),
        ({"time": 1}, "missing-field", "event-type"),
        ({**MATCH, "game-tier": 6}, "out-of-bounds", "game-tier"),
        ({**MATCH, "user-a-postmatch-info": {**INFO, "platform": "p" * 11}}, "out-of-bounds",
         "user-a-postmatch-info.platform"),
        ({**BUY, "country": "PT"}, "unknown-field", "country"),
        ('{"event-type": "init", "time": 1, "time": 2}', "duplicate-key", "time"),
        ([INIT], "wrong-type", None),
        (None, "wrong-type", None),
    ],
)  # fmt: skip
def test_the_refusal_names_the_field(broker, publisher, event, reason, field):
    refusal = publisher.publish(event)
    assert (refusal.reason, refusal.field) == (reason, field)
    publisher.flush()
    (letter,) = letters(broker)
    assert (letter["reason"], letter["field"], letter["message"]) == (reason, field, refusal.message)


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ({**INIT, "time": -1}, b"42"),
        ({**BUY, "time": -1}, b"42"),
        ({**MATCH, "time": -1}, b"a"),
        ({"user-id": "é"}, "é".encode()),
        ({"user-id": True}, None),
        ("not json", None),
        ({"user-id": "u" * 500}, b"u" * 100),
        ({"user-id": "\ud800"}, b"\\ud800"),
    ],
)
def test_a_dead_letter_has_the_key_that_the_event_would_have_had(broker, publisher, event, key):
    publisher.publish(event)
    publisher.flush()
    assert [found for found, _ in broker.on("events-dead-letter")] == [key]
    assert letters(broker)[0]["key"] == key


@pytest.mark.parametrize(
    ("event", "original"),
    [
        (b'{"a": "\xff"}', b'{"a": "\xff"}'),
        (' {"a":  1} ', b' {"a":  1} '),
        ('{"a": "\ud800"', b'{"a": "\xed\xa0\x80"'),
        ({**BUY, "purchase_value": Decimal("3.999")}, None),
        ({"event-type": "init", "\ud800": 1}, None),
        ({"event-type": "init", "x": {1, 2}}, b'{"event-type": "init", "x": "{1, 2}"}'),
    ],
)
def test_the_original_is_kept_as_it_came(broker, publisher, event, original):
    publisher.publish(event)
    publisher.flush()
    (letter,) = letters(broker)
    if original is None:
        assert json.loads(letter["original"], parse_float=Decimal) == event
    else:
        assert letter["original"] == original


def test_an_event_that_holds_itself_is_refused_too(broker, publisher):
    event = {"event-type": "init"}
    event["self"] = event
    publisher.publish(event)
    publisher.flush()
    assert b"cannot be written" in letters(broker)[0]["original"]


def test_an_original_that_does_not_fit_is_cut_and_says_so(broker, publisher):
    limit = shipped_catalog().topics["events-dead-letter"].max_message_bytes
    event = b"x" * (limit + 1_000_000)
    publisher.publish(event, source="s" * 5000)
    publisher.publish({**INIT, "f" * 2_000_000: 1})
    publisher.flush()
    assert all(len(value) < limit for _, value in broker.on("events-dead-letter"))
    long_text, long_name = letters(broker)
    kept = len(long_text["original"])
    assert limit - 4_000 < kept < limit
    assert long_text["original"] == event[:kept]
    assert f"(the first {kept:,} of {len(event):,} bytes are kept)" in long_text["message"]
    assert long_text["original_size"] == len(event)
    assert long_name["original_size"] is None
    assert len(long_name["original"]) > 2_000_000
    assert len(long_name["field"]) == 300


def test_a_record_larger_than_the_topic_takes_is_refused(broker, settings):
    broker.limits["events-raw"] = 512 + 30
    with Publisher(settings) as publisher:
        assert publisher.publish({**INIT, "country": "p" * 100}).reason == "too-large"
        assert publisher.publish(INIT) is None
    assert letters(broker)[0]["message"] == "124 bytes, topic events-raw takes 30"


def test_names_of_dropped_fields_do_not_fill_the_memory(broker, settings):
    with Publisher(settings, dropping()) as publisher:
        for number in range(MANY + 7):
            publisher.publish({**BUY, f"x{number}": 1})
        publisher.publish({**BUY, "x0": 1})
    dropped = publisher.summary.dropped
    assert len(dropped) == MANY + 1
    assert dropped["others"] == 7
    assert dropped["in-app-purchase: x0"] == 2


def test_nan_does_not_pass_inside_a_dropped_field(broker, settings):
    with Publisher(settings, dropping()) as publisher:
        text = json.dumps({**BUY, "purchase_value": 1, "stray": {"x": [float("nan")]}})
        refusal = publisher.publish(text)
    assert (refusal.reason, refusal.field) == ("not-a-number", "stray.x.0")


def test_a_service_may_ask_for_an_exception_instead(broker, settings):
    with Publisher(settings, on_refusal="raise") as publisher:
        with pytest.raises(InvalidEvent, match="game-tier") as caught:
            publisher.publish({**MATCH, "game-tier": 6})
        publisher.publish(MATCH)
    assert caught.value.field == "game-tier"
    assert publisher.summary.refused == {"out-of-bounds": 1}
    assert [topic for topic, _, _ in broker.records] == ["events-raw"]


def test_with_raise_neither_schema_nor_topic_of_dead_letters_is_needed(broker, settings, monkeypatch):
    asked = []
    monkeypatch.setattr("avrogate.kafka.require_topic", lambda _settings, topic: asked.append(topic))
    Publisher(settings, on_refusal="raise").close()
    assert asked == ["events-raw"]
    asked.clear()
    Publisher(settings).close()
    assert sorted(asked) == ["events-dead-letter", "events-raw"]


def test_a_failed_delivery_is_an_error_at_the_end(broker, settings):
    broker.per_poll = 0
    with pytest.raises(BrokerUnavailable), Publisher(settings) as publisher:
        publisher.publish(INIT)
        broker.per_poll, broker.failure = 1, KafkaError._MSG_TIMED_OUT
    assert publisher.summary.sent == {"init": 0, "match": 0, "in-app-purchase": 0}
    assert publisher.summary.failed == 1


def test_the_error_of_the_body_is_not_hidden_by_that_of_the_end(broker, settings):
    broker.per_poll = 0
    with pytest.raises(KeyError), Publisher(settings) as publisher:
        publisher.publish(INIT)
        broker.per_poll, broker.failure = 1, KafkaError._MSG_TIMED_OUT
        raise KeyError("mine")


def test_after_an_error_it_does_not_wait_for_a_broker_that_is_away(broker, settings, monkeypatch):
    monkeypatch.setattr("producers.publisher.LAST_CHANCE", 0.01)
    broker.per_poll = 0
    with pytest.raises(KeyError), Publisher(settings) as publisher:
        publisher.publish(INIT)
        raise KeyError("mine")
    assert publisher.summary.seconds == publisher.summary.seconds


def test_nothing_is_sent_if_a_schema_is_not_registered(broker, settings, monkeypatch):
    def missing(self, version):
        raise SchemaNotRegistered(f"{version} is not registered")

    monkeypatch.setattr("producers.inspection.Registry.id_of", missing)
    with pytest.raises(SchemaNotRegistered, match="raw/init"):
        Publisher(settings)


def test_nothing_is_sent_if_a_topic_is_missing(broker, settings, monkeypatch):
    def missing(_settings, topic):
        raise ConfigError(f"topic {topic} is not on broker:1")

    monkeypatch.setattr("avrogate.kafka.require_topic", missing)
    with pytest.raises(ConfigError, match="topic events-"):
        Publisher(settings)
