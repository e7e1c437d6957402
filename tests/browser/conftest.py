"""A real browser, dashboards on a real broker, and a watch on what a page asks for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from analytics.dashboard.board import Source, open_board
from analytics.dashboard.server import Place, served
from conftest import browser_is_missing
from processors.run import GROUP

if TYPE_CHECKING:
    from conftest import Platform

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# without a sandbox: tests run as root in containers, where Chromium cannot make one, and load one page of ours
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# what a browser says itself while a server that a test stopped is away
AWAY = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
DESKTOP = {"width": 1280, "height": 900}

Opened = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium with a profile of its own (AVROGATE_TEST_BROWSER, or the one on the PATH)."""
    found = os.environ.get("AVROGATE_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    browser_is_missing(None if found else "no Chromium on the PATH (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Opened]:
    """Opens an address in a browser context of its own; fails at the end if a page asked another host, or erred."""
    contexts, asked, errors, addresses = [], [], [], []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(away in message.text for away in AWAY):
            errors.append(message.text)

    def open_page(address: str, path: str = "/", **options: Any) -> Page:
        context = chromium.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", heard)
        page.on("pageerror", lambda error: errors.append(str(error)))
        addresses.append(f"{address}/")
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(tuple(addresses))] == []
    assert errors == []


@pytest.fixture
def shown(platform: Platform) -> Callable[..., Any]:
    """Serves a dashboard of this test's platform while a block runs: `with shown() as address`."""

    @contextmanager
    def serve(port: int = 0, **given: Any) -> Iterator[str]:
        source = Source(
            given.pop("settings", platform.settings), given.pop("catalog", platform.catalog), GROUP, **given
        )
        place, stop = Place("127.0.0.1", port), Event()
        with open_board(source) as board, served(board, place, stop) as address:
            yield address

    return serve


@pytest.fixture
def saved() -> Callable[[Page, str], None]:
    """Saves a screenshot of a whole page under build/screenshots."""

    def save(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return save
