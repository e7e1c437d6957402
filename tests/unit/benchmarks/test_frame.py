from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from avrogate.errors import AvrogateError
from benchmarks.bench import rows_of
from benchmarks.discovery import Source, sources
from benchmarks.measure import Bench, Figures, Measure
from benchmarks.outcomes import Outcomes, difference
from benchmarks.results import HISTORY, keep
from benchmarks.row import Row, quantity, row
from benchmarks.table import show

AT_LEAST = Measure(name="a ÷ b", ours="a", other="b", unit="events/s", bound="at least", target=0.75, acceptable=0.45)
AT_MOST = Measure(name="start", ours="start", unit="s", bound="at most", target=0.2, acceptable=0.3)


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[str], Bench]:
    return lambda only: Bench(None, tmp_path, 1, 1, lambda line: None, only)  # type: ignore[arg-type]  # unused here


@pytest.mark.parametrize(
    ("measure", "figure", "verdict"),
    [
        (AT_LEAST, 0.75, "met"),
        (AT_LEAST, 0.74, "acceptable"),
        (AT_LEAST, 0.45, "acceptable"),
        (AT_LEAST, 0.44, "missed"),
        (AT_MOST, 0.2, "met"),
        (AT_MOST, 0.21, "acceptable"),
        (AT_MOST, 0.31, "missed"),
    ],
)
def test_verdict(measure: Measure, figure: float, verdict: str) -> None:
    assert measure.verdict(figure) == verdict


def test_spread_is_of_the_rounds_ratios() -> None:
    together = Figures(ours=[10, 20, 30, 40, 50], other=[100, 200, 300, 400, 500])
    assert (together.figure, together.spread) == (0.1, 0.0)
    assert Figures(ours=[10, 20, 30, 40, 50]).spread == pytest.approx(1 / 3)
    assert Figures(ours=[10]).spread == 0.0


def test_a_blurred_row_says_so() -> None:
    blurred = Row(AT_MOST, Figures(ours=[0.1, 0.2, 0.3, 0.4, 0.5]))
    assert blurred.is_blurred
    assert "cannot tell 10% apart" in _shown(blurred)
    assert "cannot tell" not in _shown(Row(AT_MOST, Figures(ours=[0.2, 0.2, 0.2])))


def test_the_table_has_both_figures_with_their_unit() -> None:
    shown = _shown(Row(AT_LEAST, Figures(ours=[1500.0], other=[3000.0], notes=["by hand"])))
    for part in ("1,500 events/s (a)", "3,000 events/s (b)", "0.5", "≥ 0.75 (0.45)", "acceptable", "a ÷ b: by hand"):
        assert part in shown


@pytest.mark.parametrize(
    ("figures", "trouble"),
    [
        ({}, "not measured"),
        ({"start": Figures(notes=["it is away"])}, "it is away"),
        ({"start": Figures(ours=[1, 2], other=[1])}, "2 rounds of ours, 1 of the other"),
    ],
)
def test_a_row_without_a_figure_is_an_error(figures: dict[str, Figures], trouble: str) -> None:
    found = row(AT_MOST, figures)
    assert (found.trouble, found.verdict) == (trouble, None)
    assert trouble in _shown(found)


def test_a_file_that_fails_fails_its_rows_alone(bench: Callable[[str], Bench]) -> None:
    def run(_: Bench) -> dict[str, Figures]:
        raise AvrogateError("the broker is away")

    rows = rows_of(Source("broken", (AT_LEAST, AT_MOST), run), bench(""))
    assert [one.trouble for one in rows] == ["the broker is away"] * 2


def test_only_the_wanted_rows(bench: Callable[[str], Bench]) -> None:
    source = Source("two", (AT_LEAST, AT_MOST), lambda _: {"start": Figures(ours=[0.1])})
    assert [one.measure.name for one in rows_of(source, bench("STA"))] == ["start"]


def test_discovery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "found_measures"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "_helper.py").write_text("")
    text = "from tests_measure import MEASURES\ndef run(bench): return {}\n"
    (tmp_path / "tests_measure.py").write_text(
        "from benchmarks.measure import Measure\n"
        "MEASURES = (Measure(name='x', ours='x', unit='s', bound='at most', target=1, acceptable=1),)\n"
    )
    (folder / "one.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    (found,) = sources(folder, "found_measures")
    assert (found.name, found.measures[0].name) == ("one", "x")
    (folder / "two.py").write_text(text)
    with pytest.raises(AvrogateError, match="two measures are called x"):
        sources(folder, "found_measures")
    (folder / "three.py").write_text("")
    with pytest.raises(AvrogateError, match=r"three\.py offers no MEASURES"):
        sources(folder, "found_measures")


def test_the_shipped_measures_are_found() -> None:
    assert {"processor", "scaling"} <= {source.name for source in sources()}


def test_history_gets_a_line_a_run(tmp_path: Path) -> None:
    target = tmp_path / "bench" / "bench.json"
    about = {"date": "2026-11-26", "commit": "abc", "environment": {"cores": 2}}
    rows = [Row(AT_LEAST, Figures(ours=[1, 2], other=[2, 4])), Row(AT_MOST, trouble="away")]
    keep(target, about, rows)
    keep(target, about, rows)
    lines = (target.parent / HISTORY).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{**about, "figures": {"a ÷ b": 0.5, "start": None}}] * 2
    written = json.loads(target.read_text())
    assert written["rows"][0]["rounds"] == {"ours": [1, 2], "other": [2, 4]}
    assert written["rows"][1]["trouble"] == "away"


@pytest.mark.parametrize(
    ("value", "text"),
    [(38246.4, "38,246 s"), (999.4, "999 s"), (0.0123, "0.0123 s"), (0, "0 s"), (2e-5, "2.00e-05 s")],
)
def test_quantity(value: float, text: str) -> None:
    assert quantity(value, "s") == text


def test_difference_names_what_differs() -> None:
    ours = Outcomes({(0, 1): "x"}, {(0, 2): "y"}, {"ann": "z"})
    assert difference(ours, Outcomes(dict(ours.enriched), dict(ours.dead_letters), dict(ours.profiles))) is None
    assert difference(ours, Outcomes({}, ours.dead_letters, ours.profiles)) == (
        "enriched differ at (0, 1): None instead of x"
    )
    assert difference(ours, Outcomes(ours.enriched, ours.dead_letters, {"ann": "z", "bob": "z"})) == (
        "profiles differ at bob: z instead of None"
    )


def _shown(*rows: Row) -> str:
    console = Console(width=200, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    show(console, rows)
    return console.export_text()
