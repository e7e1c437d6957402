"""By which host names the dashboard answers (a page of another site may give a name of its own any address), and how
it says that it is not well.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from urllib.parse import urlsplit

import pytest

from analytics.dashboard.board import Board, Source
from analytics.dashboard.server import Place, served, suited
from avrogate.settings import Settings
from processors.run import GROUP
from schemas.catalog import shipped_catalog

OTHER = "evil.example"


@contextmanager
def dashboard(host: str, *names: str) -> Iterator[tuple[str, int]]:
    """A dashboard that reads nothing; where it listens."""
    board = Board(Source(Settings(kafka={}), shipped_catalog(), GROUP))
    with served(board, Place(host, 0, names), Event()) as address:
        found = urlsplit(address)
        assert found.hostname and found.port
        yield found.hostname, found.port


def status(place: tuple[str, int], name: str) -> int:
    host, port = place
    client = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=20)
    client.request("GET", "/view", headers={"Host": f"{name}:{port}"})
    try:
        return client.getresponse().status
    finally:
        client.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost"])
def test_a_loopback_address_answers_by_loopback_names_and_by_its_own(host: str) -> None:
    with dashboard(host) as place:
        answers = [status(place, name) for name in ("localhost", "127.0.0.1", place[0], OTHER, "10.0.0.1")]
        assert answers == [200, 200, 200, 400, 400]


def test_what_suits_an_address_of_the_newer_kind() -> None:
    assert "[::1]" in suited("::1")
    assert list(suited("::")) == ["*"]


def test_another_address_answers_by_any_name() -> None:
    with dashboard("0.0.0.0") as place:
        assert [status(place, name) for name in ("localhost", OTHER)] == [200, 200]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_names_that_are_given_are_all_by_which_it_answers(host: str) -> None:
    with dashboard(host, "kpis.example", "www.other.example") as place:
        names = ("kpis.example", "KPIs.example", "localhost", OTHER, "other.example")
        assert [status(place, name) for name in names] == [200, 200, 400, 400, 400]


def test_the_settings_say_where() -> None:
    settings = Settings(dashboard_host="0.0.0.0", dashboard_port=1, dashboard_names="a.example,b.example")
    assert Place.of(settings) == Place("0.0.0.0", 1, ("a.example", "b.example"))


def test_each_part_in_trouble_is_said_with_its_beginning() -> None:
    board = Board(Source(Settings(kafka={}), shipped_catalog(), GROUP))
    with served(board, Place("127.0.0.1", 0), Event()) as address:
        board.pulse.health.trouble("broker", "broker unreachable")
        board.pulse.health.trouble("registry", "registry unreachable")
        client = http.client.HTTPConnection(address.removeprefix("http://"), timeout=20)
        time.sleep(0.3)
        client.request("GET", "/healthz")
        said = json.loads(client.getresponse().read())["troubles"]
        client.close()
    assert [one["message"] for one in said] == ["broker unreachable", "registry unreachable"]
    assert all(one["seconds"] > 0.2 for one in said)
