"""How often the dashboard's views are made, and that the reader does not wait for them."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from analytics.dashboard.board import APART, Board, Source
from analytics.results import Fold, MinuteKpis
from avrogate.settings import Settings
from processors.run import GROUP
from schemas.catalog import shipped_catalog

SECONDS = 10


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
def board(now: list[float]) -> Board:
    return Board(Source(Settings(kafka={}), shipped_catalog(), GROUP), clock=lambda: now[0])


def test_a_view_is_made_when_something_changed_and_not_too_often(board: Board, now: list[float]) -> None:
    first = board.view(60)
    assert board.view(60) is first
    board.reader.version += 1
    now[0] += APART * 0.9
    assert board.view(60) is first
    assert board.view(30) is not first
    now[0] += APART * 0.2
    second = board.view(60)
    assert second is not first
    now[0] += 1000
    assert board.view(60) is second
    board.reader.version += 1
    assert board.view(60) is not second


def test_neither_the_reader_nor_another_span_waits_for_a_view(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    making, go_on, result = Event(), Event(), Fold.result

    def slow(fold: Fold, minutes: int | None = None) -> MinuteKpis:
        if not making.is_set():
            making.set()
            assert go_on.wait(SECONDS * 4)
        return result(fold, minutes)

    monkeypatch.setattr(Fold, "result", slow)
    slow_viewer = Thread(target=board.view, args=[360])
    slow_viewer.start()
    assert making.wait(SECONDS)
    others = [Thread(target=board.reader.begin_anew, daemon=True), Thread(target=board.view, args=[30], daemon=True)]
    for other in others:
        other.start()
        other.join(SECONDS)
    waiting = [other.is_alive() for other in others]
    go_on.set()
    slow_viewer.join(SECONDS)
    assert waiting == [False, False]
