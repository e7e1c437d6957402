from __future__ import annotations

from threading import Event, Timer
from typing import NoReturn

import pytest

from avrogate.errors import BrokerUnavailable, ConfigError, RegistryUnavailable, Stopped
from avrogate.health import Health
from avrogate.patience import Patience


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_trouble_keeps_its_beginning_and_is_counted_once() -> None:
    clock = Clock()
    health = Health(clock)
    health.trouble("broker", "gone")
    clock.now = 105.0
    health.trouble("broker", "still gone")
    assert (health.healthy, health.outages) == (False, 1)
    assert (health.troubles["broker"].message, health.troubles["broker"].since) == ("still gone", 100.0)
    health.well("broker")
    health.well("registry")
    assert health.healthy
    health.trouble("broker", "again")
    assert health.outages == 2


def test_health_is_red_while_it_waits_and_green_when_work_goes_on() -> None:
    health = Health()
    patience = Patience(Event(), health, first=0.0)
    patience.hold(BrokerUnavailable("no broker"))
    patience.hold(RegistryUnavailable("no registry"))
    assert {part: trouble.message for part, trouble in health.troubles.items()} == {
        "broker": "no broker",
        "registry": "no registry",
    }
    patience.over()
    assert health.healthy


def test_work_that_goes_on_says_nothing_about_what_others_found() -> None:
    health = Health()
    health.trouble("disk", "full")
    patience = Patience(Event(), health, first=0.0)
    patience.hold(BrokerUnavailable("no broker"))
    patience.over()
    assert list(health.troubles) == ["disk"]


def test_each_wait_is_longer_up_to_a_limit_and_short_again_afterwards() -> None:
    waits: list[float] = []

    class Asked(Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return False

    patience = Patience(Asked(), Health(), first=0.5, longest=3.0)
    for _ in range(5):
        patience.hold(BrokerUnavailable("no broker"))
    patience.over()
    patience.hold(BrokerUnavailable("no broker"))
    assert waits == [0.5, 1.0, 2.0, 3.0, 3.0, 0.5]


@pytest.mark.parametrize("before", [True, False])
def test_a_wait_ends_when_somebody_asks_to_stop(before: bool) -> None:
    stop = Event()
    patience = Patience(stop, Health(), first=30.0)
    Timer(0 if before else 0.05, stop.set).start()
    with pytest.raises(Stopped, match="no broker"):
        patience.hold(BrokerUnavailable("no broker"))


def test_one_who_waits_by_himself_marks_it_and_hears_of_the_stop() -> None:
    stop, health = Event(), Health()
    patience = Patience(stop, health, first=30.0)
    patience.mark(BrokerUnavailable("no broker"))
    assert list(health.troubles) == ["broker"]
    patience.over()
    assert health.healthy
    stop.set()
    with pytest.raises(Stopped):
        patience.mark(BrokerUnavailable("no broker"))


def test_an_outage_is_tried_again_and_anything_else_is_not() -> None:
    tries = 0

    def work() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise BrokerUnavailable("no broker")
        return "done"

    def wrong() -> NoReturn:
        raise ConfigError("a missing topic")

    health = Health()
    patience = Patience(Event(), health, first=0.0)
    assert (patience.until_it_works(work), tries, health.healthy, health.outages) == ("done", 3, True, 1)
    with pytest.raises(ConfigError):
        patience.until_it_works(wrong)
