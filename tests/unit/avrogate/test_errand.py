from __future__ import annotations

import gc
import time
import weakref
from threading import Event
from typing import NoReturn

import pytest
from confluent_kafka import KafkaError, KafkaException

from avrogate.errand import Errand


def test_a_call_that_returns_is_waited_for() -> None:
    done = Event()
    assert Errand(lambda: (time.sleep(0.3), done.set())).done(5.0)
    assert done.is_set()


def test_what_it_raises_comes_out() -> None:
    def fail() -> NoReturn:
        raise KafkaException(KafkaError(KafkaError._STATE))

    with pytest.raises(KafkaException):
        Errand(fail).done(5.0)


def test_an_error_that_nobody_expects_is_no_success() -> None:
    def fail() -> NoReturn:
        raise MemoryError

    errand = Errand(fail)
    with pytest.raises(MemoryError):
        errand.done(5.0)


def test_an_error_at_the_last_moment_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread ends between the last wait and the look at it."""
    leave = Event()

    def fail() -> NoReturn:
        leave.wait()
        raise KafkaException(KafkaError(KafkaError._STATE))

    errand = Errand(fail)
    thread, asked = errand._thread, 0

    def is_alive() -> bool:
        nonlocal asked
        asked += 1
        if asked == 1:
            return True
        leave.set()
        thread.join()
        return asked == 2

    monkeypatch.setattr(thread, "is_alive", is_alive)
    with pytest.raises(KafkaException):
        while not errand.done(0.0):
            pass


def test_what_a_call_held_is_let_go_with_its_error() -> None:
    class Client:
        def call(self) -> NoReturn:
            raise KafkaException(KafkaError(KafkaError._STATE))

    client = Client()
    gone = weakref.ref(client)
    gc.disable()
    try:
        with pytest.raises(KafkaException):
            Errand(client.call).done(5.0)
        del client
        assert gone() is None
    finally:
        gc.enable()


def test_one_that_does_not_return_is_left_behind() -> None:
    leave = Event()
    begun = time.monotonic()
    errand = Errand(leave.wait)
    assert not errand.done(0.4)
    assert 0.3 < time.monotonic() - begun < 2.0
    leave.set()
    assert errand.done(5.0)
