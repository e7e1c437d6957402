"""The rows about the processor, on a handful of events: so that they do not rot."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.contenders import peers_python
from benchmarks.measure import Bench
from benchmarks.measures import processor, scaling
from benchmarks.row import row
from conftest import Platform

pytestmark = pytest.mark.stack


@pytest.fixture
def bench(platform: Platform, tmp_path: Path) -> Bench:
    settings = platform.settings.model_copy(
        update={"bootstrap_servers": platform.settings.brokers, "registry_url": platform.settings.registry}
    )
    return Bench(settings, tmp_path, rounds=1, events=2_000, say=print)


def test_processor(bench: Bench) -> None:
    figures = processor.run(bench)
    peers = [peer for peer in processor.ROWS if not peer.is_foreign or peers_python().exists()]
    rows = [row(processor.ROWS[peer], figures) for peer in peers]
    assert [one.trouble for one in rows] == [""] * len(rows)
    assert len(rows) >= 2
    assert all(one.figures.figure > 0 for one in rows)


def test_scaling(bench: Bench) -> None:
    figures = scaling.run(bench)
    rows = [row(measure, figures) for measure in scaling.MEASURES]
    assert [one.trouble for one in rows] == [""] * 3
    assert all(one.figures.figure > 0 for one in rows)
