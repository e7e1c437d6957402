"""What `minute-kpis` says of records that are no event stays on the terminal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyte
import pytest
from rich.console import Console

from analytics import kpi_reader, session, stream
from analytics.results import MinuteKpis
from analytics.sink import BatchReport, StreamSummary
from avrogate.cli.analytics import live, minute_kpis
from avrogate.health import Health
from avrogate.settings import Settings

QUIET = BatchReport(0, 5, 0, 2, None)
COLUMNS, ROWS = 100, 24


class Reader:
    """Of a topic that nobody has written to."""

    def __init__(self, settings: Settings, keep: int) -> None: ...

    @contextmanager
    def following(self) -> Iterator[Any]:
        yield SimpleNamespace(health=Health())

    def result(self, minutes: int) -> MinuteKpis:
        return MinuteKpis()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Console:
    console = Console(file=io.StringIO(), force_terminal=True, width=COLUMNS, height=ROWS)
    monkeypatch.setattr(live, "out", console)
    monkeypatch.setattr(live, "err", console)
    monkeypatch.setattr(kpi_reader, "KpiReader", Reader)
    return console


def screen(console: Console) -> list[str]:
    shown = pyte.Screen(COLUMNS, ROWS)
    pyte.Stream(shown).feed(console.file.getvalue().replace("\n", "\r\n"))  # type: ignore[attr-defined]
    return [line.rstrip() for line in shown.display if line.strip()]


def test_warnings_stay_above_the_table_and_after_it(terminal: Console, tmp_path: Path) -> None:
    with live.shown_live(Settings(home=tmp_path)) as on_batch:
        on_batch(replace(QUIET, refused=1))
        on_batch(replace(QUIET, batch=1, refused=2))
        on_batch(replace(QUIET, batch=2))
    assert screen(terminal) == [
        "warning: 1 record is no event of the topic",
        "warning: 2 records are no events of the topic",
    ]


def test_without_a_terminal_each_batch_is_a_line_and_each_warning_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    console = Console(file=io.StringIO(), width=20)
    monkeypatch.setattr(live, "out", console)
    monkeypatch.setattr(live, "err", console)
    with live.shown_live(Settings(home=tmp_path)) as on_batch:
        on_batch(replace(QUIET, refused=1))
        on_batch(replace(QUIET, batch=1))
    assert console.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "batch 0: 5 events, 2 values",
        "warning: 1 record is no event of the topic",
        "batch 1: 5 events, 2 values",
    ]


@pytest.mark.parametrize(
    ("refused", "said"), [(0, ""), (1, "1 record was no event"), (1_200, "1,200 records were no events")]
)
def test_the_end_says_how_many_there_were_in_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, refused: int, said: str
) -> None:
    def run(*arguments: Any, on_batch: Callable[[BatchReport], None], **options: Any) -> StreamSummary:
        return StreamSummary(1, refused=refused)

    monkeypatch.setattr(stream, "prepare_stream", lambda settings: (None, None, SimpleNamespace(folder=tmp_path)))
    monkeypatch.setattr(stream, "run_stream", run)
    monkeypatch.setattr(session, "spark_session", lambda *given, **options: SimpleNamespace(stop=lambda: None))
    monkeypatch.setattr(kpi_reader, "read_results", lambda settings: MinuteKpis())
    minute_kpis._streamed(Settings(home=tmp_path), 0)
    end = f"warning: in all {said} of the topic and skipped; see {tmp_path / 'quarantine'}\n"
    assert capsys.readouterr().err == (end if said else "")
