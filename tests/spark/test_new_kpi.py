"""A new KPI is one file: ARPPU of `docs/a-new-kpi`, dropped into a running installation's folder of KPIs.

The commands run on a copy of the package, on the catalog's own topics; the second run goes on from the first one's
checkpoint.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from urllib.error import URLError

import pytest

from analytics.kpi_topic import read_results
from avrogate.settings import Settings
from conftest import environment, free_port
from schemas.catalog import load_catalog
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

# two starts of the command, each with a JVM of its own
pytestmark = [pytest.mark.spark, pytest.mark.stack, pytest.mark.timeout(700)]

ROOT = Path(__file__).parents[2]
START = 1_773_532_620


@pytest.fixture
def minute_kpis(empty_stack: Settings, tmp_path: Path) -> Callable[[], str]:
    """Runs `avrogate analytics minute-kpis` on a copy of the KPIs; returns what it prints."""
    shutil.copytree(ROOT / "analytics", tmp_path / "analytics", ignore=shutil.ignore_patterns("__pycache__"))

    def run() -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("avrogate"), "analytics", "minute-kpis", "--until-idle", "0"],
            env=environment(empty_stack) | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=330,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_file_is_a_kpi_from_the_next_start_on(
    minute_kpis: Callable[[], str], empty_stack: Settings, tmp_path: Path, reference: ModuleType
) -> None:
    catalog = load_catalog()
    list(create_topics(catalog, empty_stack))
    list(register_all(catalog, Registry(empty_stack)))
    writer = reference.Writer(empty_stack, catalog)
    first, more = reference.events(21, 200, START, 120), reference.events(22, 200, START + 60, 120)

    writer.write(first)
    assert "revenue by payer" not in minute_kpis()
    before = read_results(empty_stack)

    shutil.copy(ROOT / "docs" / "a-new-kpi" / "arppu.py", tmp_path / "analytics" / "kpis")
    writer.write(more)
    printed = minute_kpis()

    found = read_results(empty_stack)
    assert found.generation == before.generation, "another checkpoint"
    known = [row for row in found.rows if row.kpi != "arppu"]
    assert reference.as_dict(known) == reference.minutes([*first, *more])

    # from its first batch on, numerator and denominator as they are; a ratio is nowhere in the topic
    wanted = {
        minute: (count, amount, len({one["user_id"] for one in more if bought_in(one, minute.timestamp())}))
        for (kpi, minute, _), (count, amount, _) in reference.minutes(more).items()
        if kpi == "revenue"
    }
    assert {row.minute: (row.count, row.amount, row.users) for row in found.rows if row.kpi == "arppu"} == wanted
    assert len(wanted) == 2

    header = next(line for line in printed.splitlines() if "revenue by payer" in line)
    lines = [line for line in printed.splitlines() if line.startswith("│ 2026-")]
    column = [cell.strip() for cell in header.split("┃")].index("revenue by payer")
    shown = {line.split("│")[1].strip(): line.split("│")[column].strip() for line in lines}
    ratios = {
        f"{minute:%Y-%m-%d %H:%M}": f"{round(amount / users, 2):,.2f}"
        for minute, (_, amount, users) in wanted.items()
    }
    assert {minute: value for minute, value in shown.items() if value != "-"} == ratios
    assert on_the_dashboard(empty_stack, tmp_path, "arppu") == ratios


def on_the_dashboard(settings: Settings, package: Path, kpi: str) -> dict[str, str]:
    """What the command of that copy of the package shows of a KPI, by minute, as the page gets it."""
    port = free_port()
    command = [Path(sys.executable).with_name("avrogate"), "dashboard", "--port", str(port)]
    served = subprocess.Popen(command, env=environment(settings) | {"PYTHONPATH": str(package)})
    try:
        direct, limit = urllib.request.build_opener(urllib.request.ProxyHandler({})), time.monotonic() + 60
        while True:
            try:
                with direct.open(f"http://127.0.0.1:{port}/readyz", timeout=10):
                    break
            except URLError:  # it is not there yet, or has not read all
                assert time.monotonic() < limit
                time.sleep(0.2)
        with direct.open(f"http://127.0.0.1:{port}/view", timeout=10) as answer:
            (chart,) = [one for one in json.load(answer)["charts"] if one["name"] == kpi]
    finally:
        served.terminate()
        served.wait(60)
    points = {datetime.fromtimestamp(one["minute"], UTC): one["text"] for one in chart["points"]}
    return {f"{minute:%Y-%m-%d %H:%M}": text for minute, text in points.items() if text != "–"}


def bought_in(event: dict[str, object], second: float) -> bool:
    """Whether it is a purchase of the minute that begins at `second`."""
    time = event["time"]
    assert isinstance(time, int)
    return event["event_type"] == "in_app_purchase" and second <= time / 1000 < second + 60
