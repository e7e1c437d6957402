"""Ctrl-C at any moment: the handler asks for no lock, and no wait misses it."""

from __future__ import annotations

import os
import signal
import time
from threading import Timer

import pytest

from avrogate.cli.signals import Stop, stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_asked_for_while_the_main_thread_is_about_to_wait(number: signal.Signals) -> None:
    with stop_on_signals() as stop:
        with stop._cond:  # type: ignore[attr-defined]  # as `wait` does before it waits
            os.kill(os.getpid(), number)
        assert stop.wait(5)
        assert (stop.is_set(), stop.signal) == (True, number)


def test_a_second_ctrl_c_interrupts() -> None:
    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(5)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_who_waits_needs_no_one_to_wake_it() -> None:
    stop, begun = Stop(), time.monotonic()
    Timer(0.05, setattr, (stop, "signal", 2)).start()
    assert stop.wait()
    assert time.monotonic() - begun < 2


def test_a_wait_has_its_limit() -> None:
    begun = time.monotonic()
    assert not Stop().wait(0.3)
    assert 0.29 < time.monotonic() - begun < 2
    assert not Stop().wait(0)
