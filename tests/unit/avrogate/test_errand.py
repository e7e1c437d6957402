from __future__ import annotations

import time
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


def test_one_that_does_not_return_is_left_behind() -> None:
    leave = Event()
    begun = time.monotonic()
    errand = Errand(leave.wait)
    assert not errand.done(0.4)
    assert 0.3 < time.monotonic() - begun < 2.0
    leave.set()
    assert errand.done(5.0)
