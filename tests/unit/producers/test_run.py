"""A whole run: every line sent or refused, at the rate asked for, and ended in order by a signal."""

import io
import os
import signal
import threading

import pytest
from confluent_kafka import KafkaError

from avrogate.errors import BrokerUnavailable
from producers.generator import Generator, Plan
from producers.interrupt import Interruptible
from producers.replay import JsonLines
from producers.run import paced, produce
from producers.source import Line
from schemas.json_events import event_text

PLAN = Plan(events=500, seed=3, start=1_700_000_000, span=60, invalid_share=0.2)


def as_lines(plan):
    texts = (line.event if isinstance(line.event, str) else event_text(line.event) for line in Generator(plan))
    return JsonLines("e.jsonl", io.BytesIO("\n".join(texts).encode()))


class Chatty:
    """A source that calls `at(number)` before it gives each line."""

    name, total, done = "chatty", 1000, 0

    def __init__(self, at):
        self.at = at

    def __iter__(self):
        for line in Generator(PLAN):
            self.at(line.number)
            yield line


@pytest.mark.parametrize("source", [as_lines(PLAN), Generator(PLAN)], ids=["file", "generated"])
def test_every_line_is_sent_or_refused(broker, settings, source):
    summary = produce(settings, source)
    refused = sum(fault[0] == "producer" for fault in spoilt(PLAN))
    assert summary.all_refused == len(broker.on("events-dead-letter")) == refused > 50
    assert summary.all_sent == len(broker.on("events-raw")) == 500 - refused
    assert summary.signal is None


def spoilt(plan):
    generator = Generator(plan)
    list(generator)
    return generator.spoilt.elements()


def test_refused_lines_are_told_with_their_numbers(broker, settings):
    told = []
    lines = JsonLines("e.jsonl", io.BytesIO(b'\n{"event-type": "x"}\n\n[]\n'))
    produce(settings, lines, on_refused=lambda number, refusal: told.append((number, refusal.reason)))
    assert told == [(2, "unknown-event"), (4, "wrong-type")]


def test_progress_is_told_and_ends_at_the_total(broker, settings):
    told = []
    produce(settings, Generator(PLAN), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (500, 500)
    assert told == sorted(told)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_what_was_read(broker, settings, number):
    before = signal.getsignal(number)
    publish_at_100 = Chatty(lambda line: os.kill(os.getpid(), number) if line == 101 else None)
    summary = produce(settings, publish_at_100)
    assert summary.signal == number
    assert summary.all_sent + summary.all_refused == 100
    assert len(broker.records) == 100
    assert signal.getsignal(number) is before


def test_an_outage_in_mid_run_says_how_much_had_arrived(broker, settings):
    def at(line):
        if line == 50:
            broker.failure = KafkaError._MSG_TIMED_OUT

    with pytest.raises(BrokerUnavailable, match=r"; \d+ events had arrived$") as caught:
        produce(settings, Chatty(at))
    assert f"; {len(broker.on('events-raw'))} events" in caught.value.message


def test_pace_keeps_to_the_rate_and_catches_up():
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(round(seconds, 6))
        now[0] += seconds

    times = []
    for line in paced([Line(number, "") for number in range(1, 6)], 10, lambda: now[0], sleep):
        times.append(round(now[0], 6))
        if line.number == 2:
            now[0] += 0.25
    assert times == [0.0, 0.1, 0.35, 0.35, 0.4]
    assert slept == [0.1, 0.05]


def test_a_signal_between_two_items_lets_the_first_be_handled():
    handled = []
    with Interruptible() as interrupt:
        for item in interrupt.guard(range(5)):
            if item == 2:
                os.kill(os.getpid(), signal.SIGINT)
            handled.append(item)
    assert handled == [0, 1, 2]
    assert interrupt.signal == signal.SIGINT


def test_a_signal_ends_a_wait_for_the_next_item():
    reading, writing = os.pipe()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    with os.fdopen(reading, "rb") as stream, Interruptible() as interrupt:
        assert list(interrupt.guard(stream)) == []
    os.close(writing)
    assert interrupt.signal == signal.SIGTERM


def test_the_second_signal_is_not_waited_for():
    with Interruptible() as interrupt, pytest.raises(KeyboardInterrupt):
        for _ in interrupt.guard(range(5)):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_that_is_not_ours_goes_on():
    def items():
        yield 1
        raise KeyboardInterrupt

    with Interruptible() as interrupt, pytest.raises(KeyboardInterrupt):
        list(interrupt.guard(items()))


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruptible() as interrupt:
            os.kill(os.getpid(), signal.SIGINT)
            assert list(interrupt.guard([1])) == [1]
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_it_just_runs():
    result = []

    def run():
        with Interruptible() as interrupt:
            result.extend(interrupt.guard([1, 2]))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert result == [1, 2]
