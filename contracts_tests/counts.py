"""What the contract tests looked at: printed at the end of a run that had them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FULL = os.environ.get("AVROGATE_HYPOTHESIS") == "full"  # the long search, as in all tests
GOLDEN = Path(__file__).parent / "golden"
# what is counted by its test: one case of it is one of these
BY_TEST = {
    "examples": "test_examples.py::test_the_verdict_of_json_schema_and_of_the_encoder[",
    "evolution cases": "test_evolution.py::test_our_verdict[",
}

_tallies: list[Any] = []


@pytest.fixture(scope="session")
def tallies() -> list[Any]:
    """Where each schema's tally is put (`judged.Tally`)."""
    return _tallies


@pytest.fixture(scope="session")
def events_of_each() -> int:
    """Generated events that each schema is judged by, at least."""
    return 10_000 if FULL else 500


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the counts of what ran, and nothing if none of it did."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", [])]
    totals = list(_totals(passed))
    if totals:
        terminalreporter.section("contract counts")
        for line in [*_schemas(), ", ".join(totals)]:
            terminalreporter.line(line)


def _totals(passed: list[str]) -> Iterator[str]:
    if _tallies:
        events, invalid = (sum(getattr(tally, name) for tally in _tallies) for name in ("events", "invalid"))
        alone = sum(tally.only_encoder for tally in _tallies)
        yield f"{len(_tallies)} schemas"
        yield f"{events:,} generated events ({invalid / events:.0%} invalid, {alone:,} more for the encoder alone)"
    for what, test in BY_TEST.items():
        number = sum(test in name for name in passed)
        if number:
            yield f"{number} {what}"
    if any("test_golden" in name for name in passed):
        yield f"{sum(len(file.read_bytes().splitlines()) for file in GOLDEN.rglob('*.jsonl'))} golden records"


def _schemas() -> Iterator[str]:
    """One line for each schema: how often its least-violated keyword was broken, and which one that is."""
    if _tallies:
        yield f"{'schema':28}{'events':>8}{'invalid':>9}{'keywords':>10}  least violated"
    for tally in _tallies:
        times, keyword = min((times, "/".join(path)) for path, times in tally.of_keywords().items())
        share = f"{tally.invalid / tally.events:.0%}"
        yield f"{tally.name:28}{tally.events:>8,}{share:>9}{len(tally.keywords):>10}  {times} x {keyword}"
