"""Every delivery report is looked at, and nothing is dropped."""

import pytest
from confluent_kafka import KafkaError

from avrogate.errors import AvrogateError, BrokerUnavailable, ConfigError
from producers.outbox import Outbox


def test_counts_what_is_acknowledged_by_label(broker, settings):
    outbox = Outbox(settings)
    for label in ("init", "match", "init"):
        outbox.send("t", b"k", b"v", outbox.receipt(label))
    outbox.flush()
    assert outbox.acknowledged == {"init": 2, "match": 1}
    assert outbox.failed == 0


def test_nothing_counts_before_it_is_acknowledged(broker, settings):
    broker.per_poll = 0
    outbox = Outbox(settings)
    outbox.send("t", b"k", b"v", outbox.receipt("init"))
    assert outbox.acknowledged == {}


def test_a_full_queue_waits_and_keeps_the_order(broker, settings):
    broker.capacity, broker.per_poll = 2, 1
    outbox = Outbox(settings)
    for number in range(20):
        broker.per_poll = 0 if number % 2 else 1
        if len(broker.waiting) == 2:
            broker.per_poll = 1
        outbox.send("t", b"k", b"%d" % number, outbox.receipt("x"))
    broker.per_poll = 1
    outbox.flush()
    assert [value for _, value in broker.on("t")] == [b"%d" % number for number in range(20)]


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (KafkaError._MSG_TIMED_OUT, BrokerUnavailable, "broker:1"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, ConfigError, "refuses"),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, ConfigError, "missing"),
        (KafkaError.MSG_SIZE_TOO_LARGE, AvrogateError, "MSG_SIZE_TOO_LARGE"),
    ],
)
def test_a_failed_delivery_is_an_error_at_flush_and_stays_one(broker, settings, code, kind, words):
    broker.failure = code
    outbox = Outbox(settings)
    receipt = outbox.receipt("init")
    broker.per_poll = 0
    outbox.send("t", b"k", b"v", receipt)
    broker.per_poll = 1
    for call in (outbox.flush, outbox.flush, lambda: outbox.send("t", b"k", b"v", receipt)):
        with pytest.raises(kind, match=words):
            call()
    assert outbox.failed == 2
    assert outbox.acknowledged == {}


def test_a_failed_delivery_stops_the_next_send(broker, settings):
    outbox = Outbox(settings)
    broker.failure = KafkaError._MSG_TIMED_OUT
    with pytest.raises(BrokerUnavailable):
        outbox.send("t", b"k", b"v", outbox.receipt("init"))


def test_a_queue_that_stays_full_ends_with_the_delivery_error(broker, settings):
    outbox = Outbox(settings)
    broker.capacity = 0
    polls = []

    def poll(seconds=0):
        polls.append(seconds)
        if len(polls) == 3:
            outbox.receipt("x")(KafkaError(KafkaError._MSG_TIMED_OUT), None)
        return 0

    broker.poll = poll
    with pytest.raises(BrokerUnavailable):
        outbox.send("t", b"k", b"v", outbox.receipt("x"))
    assert len(polls) == 3
    assert all(0 < seconds <= 1 for seconds in polls)


def test_flush_gives_up_when_told_to(broker, settings):
    broker.per_poll = 0
    outbox = Outbox(settings)
    outbox.send("t", b"k", b"v", outbox.receipt("x"))
    with pytest.raises(AvrogateError, match="1 records are not acknowledged"):
        outbox.flush(0.01)


def test_patience_bounds_how_long_a_record_waits(broker, settings):
    Outbox(settings, patience=2.5)
    assert broker.options["message_timeout_ms"] == 2500


@pytest.mark.parametrize(
    ("limits", "largest", "batch"),
    [
        ((), 1_000_000, 1_000_000),
        ((4_194_304, 1_048_588), 4_194_304, 1_000_000),
        ((4_194_304, 9_000), 4_194_304, 9_000),
    ],
)
def test_no_request_is_larger_than_a_topic_takes(broker, settings, limits, largest, batch):
    Outbox(settings, limits=limits)
    assert (broker.options["message_max_bytes"], broker.options["batch_size"]) == (largest, batch)
