"""The whole road to the page, with the real commands: a day written by hand, and a purchase that is made now."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Error, Page, expect

from avrogate.settings import Settings
from conftest import by_path, environment, free_port
from producers import Publisher

# a Spark driver starts, on a machine that others may use
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.spark, pytest.mark.timeout(900)]

numbers = by_path(Path(__file__).with_name("numbers.py"))
GOLDEN = Path(__file__).parents[1] / "golden"
Run = Callable[..., subprocess.CompletedProcess[str]]
# what the dashboard promises, and of how many purchases the median has to keep it
SECONDS, PURCHASES = 10.0, 3


@pytest.fixture(scope="module")
def day(empty_stack: Settings, avrogate: Run) -> Settings:
    """The golden day has gone all the way."""
    done = avrogate(empty_stack, "run-pipeline", "--input", str(GOLDEN / "events.jsonl"))
    assert done.returncode == 0, done.stderr
    assert "`avrogate dashboard`" in done.stdout
    return empty_stack


@contextmanager
def running(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until the block ends, and then ends by itself, with 0."""
    command = [str(Path(sys.executable).with_name("avrogate")), *arguments]
    log = settings.expanded_home / f"{arguments[-1]}.log"
    with log.open("w") as said:
        process = subprocess.Popen(command, env=environment(settings), stdout=said, stderr=said, text=True)
        try:
            yield process
            process.send_signal(signal.SIGINT)
            assert process.wait(90) == 0, log.read_text()
        finally:
            process.kill()


@pytest.fixture
def address(day: Settings) -> Iterator[str]:
    port = free_port()
    with running(day, "dashboard", "--port", str(port)):
        yield f"http://127.0.0.1:{port}"


def opened_live(opened: Callable[..., Page], address: str) -> Page:
    """The page, once the command serves it."""
    limit = time.monotonic() + 60
    while True:
        try:
            page = opened(address)
        except Error:  # nobody listens yet
            assert time.monotonic() < limit
            time.sleep(0.3)
        else:
            expect(page.locator("#status")).to_have_text("Live", timeout=60_000)
            return page


def test_the_golden_day_is_on_the_page(day: Settings, address: str, opened: Callable[..., Page]) -> None:
    page = opened_live(opened, address)
    expected: dict[str, dict[str, Any]] = yaml.safe_load((GOLDEN / "expected.yaml").read_text(encoding="utf-8"))
    minutes = expected["minutes"]
    stamps = {datetime.fromisoformat(f"{minute}+00:00").timestamp(): minute for minute in minutes}
    for kpi in ("purchases", "revenue", "users", "matches"):
        nothing = "0.00" if kpi == "revenue" else "0"
        for stamp, (text, _) in numbers.values(page, kpi).items():
            of_minute = minutes.get(stamps.get(stamp, ""), {})
            assert text.replace(",", "") == str(of_minute.get(kpi, nothing)), (kpi, stamps.get(stamp))
        assert numbers.values(page, kpi).keys() >= stamps.keys()
    for kpi in ("revenue-by-country", "matches-by-country"):
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for of_minute in minutes.values():
            for country, value in of_minute.get(kpi, {}).items():
                totals[country] += Decimal(value)
        found = {country: Decimal(text.replace(",", "")) for country, text in numbers.ranking(page, kpi)}
        assert found == dict(totals)


def test_a_purchase_appears_within_ten_seconds(
    day: Settings, address: str, opened: Callable[..., Page], saved: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[float] = []
    of_page: list[float] = []
    with (
        running(day, "process"),
        running(day, "analytics", "minute-kpis"),
        Publisher(day) as publisher,
    ):
        page = opened_live(opened, address)
        total = page.locator('[data-kpi="revenue"] .total')
        buy(publisher, "0.01")  # everything has started once this one is there
        minute = f'[data-kpi="revenue"] tbody tr[data-minute="{int(time.time()) // 60 * 60}"]'
        expect(total).not_to_have_text(str(total.text_content()), timeout=500_000)
        numbers.values(page, "revenue")
        assert page.locator(minute).count() == 1
        for _ in range(PURCHASES):
            before = Decimal(str(total.text_content()).removeprefix("total ").replace(",", ""))
            begun = time.monotonic()
            buy(publisher, "1234.56")
            expect(total).to_have_text(f"total {before + Decimal('1234.56'):,.2f}", timeout=120_000)
            taken.append(time.monotonic() - begun)
            of_page.append(time.time() - numbers.newest(day, "kpis-minute") / 1000)
        saved(page, "live")
    with capsys.disabled():
        print(f"a purchase was on the page after {_seconds(taken)}, of which the page took {_seconds(of_page)}")  # noqa: T201
    assert statistics.median(taken) <= SECONDS


def _seconds(numbers: list[float]) -> str:
    return ", ".join(f"{seconds:.1f} s" for seconds in numbers)


def buy(publisher: Publisher, value: str) -> None:
    event = {
        "event-type": "in-app-purchase",
        "time": int(time.time()),
        "purchase_value": Decimal(value),
        "user-id": "a buyer",
        "product-id": "coins",
    }
    assert publisher.publish(event) is None
    publisher.flush()
