"""Lines for a person on a terminal, JSON elsewhere."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from rich.console import Console

from avrogate.logs import OURS, LoggedHealth, configure, without_credentials


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in OURS}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    for name, former in levels.items():
        logging.getLogger(name).setLevel(former)


def logged(level: str, terminal: bool) -> str:
    file = io.StringIO()
    configure(level, Console(file=io.StringIO(), force_terminal=terminal))  # replaced by the second call
    configure(level, Console(file=file, force_terminal=terminal, width=200, color_system=None))
    log = logging.getLogger("processors.some")
    log.debug("too much")
    log.info("took [bold]%d[/bold]", 3, extra={"partitions": [1, 2], "part": "broker"})
    logging.getLogger("httpx").info("HTTP Request: GET")
    logging.getLogger("httpx").warning("odd")
    return file.getvalue()


def test_json_lines_with_what_the_call_gave() -> None:
    first, second = map(json.loads, logged("info", False).splitlines())
    moment = datetime.fromisoformat(first.pop("time"))
    assert moment.utcoffset() == datetime.now(UTC).utcoffset()
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert list(first.items()) == [
        ("level", "info"),
        ("logger", "processors.some"),
        ("message", "took [bold]3[/bold]"),
        ("partitions", [1, 2]),
        ("part", "broker"),
    ]
    assert (second["level"], second["message"]) == ("warning", "odd")


def test_lines_on_a_terminal() -> None:
    first, second = logged("info", True).splitlines()
    assert "INFO     took [bold]3[/bold]" in first
    assert "WARNING  odd" in second


def test_the_level_is_for_our_own_loggers() -> None:
    assert len(logged("debug", False).splitlines()) == 3
    assert len(logged("error", False).splitlines()) == 1


def test_an_exception_stays_one_line() -> None:
    file = io.StringIO()
    configure("info", Console(file=file))
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("avrogate.x").exception("failed")
    (line,) = file.getvalue().splitlines()
    assert "ValueError: two\nlines" in json.loads(line)["exc_info"]


def test_health_tells_what_changes_and_nothing_twice(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    health = LoggedHealth(clock=lambda: now[0])
    with caplog.at_level(logging.INFO):
        health.trouble("broker", "broker unreachable at b:1")
        health.trouble("broker", "broker unreachable at b:1 (still)")
        now[0] = 112.5
        health.well("broker")
        health.well("broker")
    assert caplog.messages == ["outage: broker unreachable at b:1", "outage over: broker, after 12.5 s"]
    assert (health.healthy, health.outages) == (True, 1)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ann:pass@host:8081/x", "https://host:8081/x"),
        ("SASL_SSL://u:p@a:1,SSL://v:q@b:2", "SASL_SSL://a:1,SSL://b:2"),
        ("u:p@a:1,b:2", "a:1,b:2"),
        ("http://host/a@b", "http://host/a@b"),
        ("127.0.0.1:9092", "127.0.0.1:9092"),
    ],
)
def test_addresses_are_shown_without_credentials(address: str, shown: str) -> None:
    assert without_credentials(address) == shown
