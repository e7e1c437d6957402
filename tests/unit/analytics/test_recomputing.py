"""Which minutes `--recompute` counts again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import typer

from avrogate.cli import main
from avrogate.cli.analytics import minute_kpis
from avrogate.settings import Settings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[datetime, datetime]]:
    """The minutes that the command line passes on."""
    minutes: list[tuple[datetime, datetime]] = []

    def recomputed(settings: Settings, first: datetime, last: datetime) -> None:
        minutes.append((first, last))
        raise typer.Exit

    monkeypatch.setattr(minute_kpis, "recomputed", recomputed)
    return minutes


def recompute(first: str, last: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main(["analytics", "minute-kpis", "--recompute", "--from", first, "--to", last])
    return ended.value.code


@pytest.mark.parametrize(
    ("last", "hour", "minute"),
    [("2026-11-25", 23, 59), ("2026-11-25T00:00", 0, 0), ("2026-11-25 12:59", 12, 59)],
)
def test_a_date_without_a_time_is_the_whole_day(
    asked: list[tuple[datetime, datetime]], last: str, hour: int, minute: int
) -> None:
    assert recompute("2026-11-25", last) == 0
    assert asked == [(datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 25, hour, minute, tzinfo=UTC))]


def test_what_is_no_minute_is_a_wrong_call(
    asked: list[tuple[datetime, datetime]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert recompute("2026-11-25", "yesterday") == 2
    assert "'yesterday' is neither a minute such as 2026-03-14T12:59 nor a date" in capsys.readouterr().err
    assert recompute("2026-11-25", "2026-11-24") == 2
    assert asked == []
