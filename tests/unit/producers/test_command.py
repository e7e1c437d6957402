"""`avrogate produce`: its options, and what it prints."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
import typer

from avrogate.cli import produce as cli
from avrogate.errors import ConfigError
from producers.file_progress import FileProgress
from producers.summary import FileReport, Summary


@pytest.fixture
def run(broker, settings, monkeypatch):
    monkeypatch.setattr("avrogate.settings.load_settings", lambda: settings)
    return cli.command


@pytest.fixture
def standard_input(monkeypatch):
    """Gives text to `--from -`, which is sent as it comes."""
    return lambda text: monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))


def test_without_options_it_sends_a_thousand_events_of_the_last_ten_minutes(run, broker, monkeypatch, capsys):
    monkeypatch.setattr("time.time", lambda: 1_700_000_600.9)
    times = []
    monkeypatch.setattr("producers.publisher.Publisher.publish", lambda self, event, **_: times.append(event["time"]))
    run()
    assert len(times) == 1000
    assert (times[0], times[-1]) == (1_700_000_000, 1_700_000_599)


def test_start_and_span_are_taken_as_given(run, broker, monkeypatch):
    times = []
    monkeypatch.setattr("producers.publisher.Publisher.publish", lambda self, event, **_: times.append(event["time"]))
    run(events=60, start="2023-11-14T22:13:20Z", span="1h")
    assert times == list(range(1_700_000_000, 1_700_003_600, 60))


@pytest.mark.parametrize(
    ("given", "number", "last"),
    [
        ({"rate": 2.0}, 1200, 599),
        ({"rate": 2.0, "events": 60}, 60, 29),
        ({"rate": 2.0, "events": 60, "span": "1h"}, 60, -60),
    ],
    ids=["ten minutes of them", "as many as asked for", "a span ends now"],
)
def test_with_a_rate_they_happen_from_now_on(run, broker, monkeypatch, given, number, last):
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0)
    monkeypatch.setattr("producers.run.paced", lambda source, rate: iter(source))
    times = []
    monkeypatch.setattr("producers.publisher.Publisher.publish", lambda self, event, **_: times.append(event["time"]))
    run(**given)
    assert (len(times), times[-1] - 1_700_000_000) == (number, last)


def test_prints_what_was_sent_and_refused(run, broker, capsys):
    run(events=200, seed=3, invalid_share=0.3)
    printed = capsys.readouterr()
    sent, dead = len(broker.on("events-raw")), len(broker.on("events-dead-letter"))
    assert sent + dead == 200
    assert f"{sent} sent, {dead} refused" in printed.out
    assert f"Invalid on purpose: {dead} for the producer to refuse" in printed.out
    assert "dead-letter topic" in printed.out.replace("\n", " ")
    assert printed.err == ""  # generated ones are not told one by one


def test_nothing_refused_is_not_worth_a_word(run, capsys):
    run(events=5)
    assert "dead-letter" not in capsys.readouterr().out


def test_the_first_refused_lines_are_told(run, standard_input, capsys):
    standard_input("\n" + '{"event-type": "[red]x"}\n' * 12)
    run(file="-")
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 11
    known = '"init", "match", "in-app-purchase"'
    assert told[0] == f'-:2: refused: event-type: "[red]x" is not one of {known}'
    assert "dead-letters list" in told[-1]


@pytest.mark.parametrize(
    "option",
    [{"events": 5}, {"seed": 0}, {"late_share": 0.0}, {"invalid_share": 0.0}, {"start": "0"}, {"span": "1m"}],
)
def test_a_file_and_an_option_for_generated_events_contradict(run, option):
    (name,) = option
    with pytest.raises(ConfigError, match=f"--{name.replace('_', '-')} is for generated events"):
        run(file="-", **option)


def test_a_rate_is_for_both(run, standard_input, broker):
    standard_input("[]\n")
    run(file="-", rate=1000.0)
    assert len(broker.on("events-dead-letter")) == 1


def test_again_is_for_files_that_can_be_told_from_others(run):
    for arguments in ({}, {"file": "-"}, {"file": "/dev/null"}):
        with pytest.raises(typer.BadParameter):
            run(again=True, **arguments)


DONE = FileProgress("d" * 64, "e.jsonl", 100, 7, 100, 5, 2, done=True, time=1_700_000_000_000)


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (DONE, "e.jsonl was sent before: 5 sent, 2 refused, 2023-11-14 22:13:20 UTC. Nothing was sent; --again"),
        (replace(DONE, times=3), "e.jsonl was sent before (3 times by now): 5 sent"),
        (replace(DONE, times=2, done=False), "and then again up to line 7 (2023-11-14 22:13:20 UTC). Nothing was"),
    ],
)
def test_a_file_that_was_sent_is_one_line(capsys, progress, said):
    cli._finish(Summary({}, {}, {}, 0, 1.0, file=FileReport(progress, already=True)))
    printed = " ".join(capsys.readouterr().out.split())
    assert said in printed
    assert "Produced" not in printed


def test_an_interrupted_file_says_how_far_it_is_and_that_it_goes_on(capsys):
    report = FileReport(replace(DONE, position=40, line=3, done=False), began_after=1)
    with pytest.raises(typer.Exit):
        cli._finish(Summary({"init": 2}, {}, {}, 0, 1.0, signal=2, file=report))
    printed = capsys.readouterr()
    assert "up to line 3, 40% of it, is sent: 5 events and 2 refused lines, 1 lines of it before" in " ".join(
        printed.out.split()
    )
    assert "the same command goes on" in printed.err


def test_an_unreadable_file_is_found_before_the_broker_is_asked(run, monkeypatch):
    monkeypatch.setattr("producers.run.Publisher", None)
    with pytest.raises(ConfigError, match="cannot be read"):
        run(file="/no/such/file")


def test_an_interrupted_run_prints_its_summary_and_exits_as_shells_expect(capsys):
    with pytest.raises(typer.Exit) as caught:
        cli._finish(Summary({"init": 3}, {}, {"init: x": 1}, 0, 1.0, signal=2))
    assert caught.value.exit_code == 130
    printed = capsys.readouterr()
    assert "3 sent, 0 refused" in printed.out
    assert "init: x" in printed.out
    assert "Interrupted" in printed.err


def test_there_is_no_bar_without_a_terminal():
    with cli._bar() as progress:
        assert progress is None


def test_on_a_terminal_the_bar_follows(monkeypatch):
    from rich.console import Console

    monkeypatch.setattr(cli, "err", Console(force_terminal=True, width=80))
    with cli._bar() as progress, cli.err.capture() as capture:
        progress(250, 1000)
    assert capture is not None
