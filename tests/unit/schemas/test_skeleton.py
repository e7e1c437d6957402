"""The skeleton of a new event, in a copy of the schema folder: complete and checked, or not there at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import schemas.skeletons
from avrogate.cli import main
from avrogate.errors import ConfigError
from schemas.catalog import SCHEMAS, load_catalog
from schemas.check import Finding, check_folder
from schemas.contract import compile_contract
from schemas.skeletons import new_event
from schemas.skeletons.catalog_lines import with_event
from schemas.whole_check import catalog_report

EVENT = "chess-lesson"  # a name that the shipped catalog will not have
TOPICS = ("events-raw", "events-enriched")


@pytest.fixture
def folder(copied_schemas: Path) -> Path:
    """A copy of the schema folder, without examples."""
    (copied_schemas / "examples").mkdir()
    return copied_schemas


@pytest.fixture
def whole(folder: Path) -> Path:
    """A copy of the schema folder."""
    shutil.copytree(SCHEMAS / "examples", folder / "examples", dirs_exist_ok=True)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def findings(folder: Path, event: str) -> list[Finding]:
    return [one for one in check_folder(folder).findings if f"/{event}/" in f"/{one.where}/"]


def entries(folder: Path, event: str) -> list[Any]:
    topics = yaml.safe_load((folder / "catalog.yaml").read_text())["topics"]
    return [topics[topic]["events"].get(event) for topic in TOPICS]


def test_the_check_has_no_findings_right_after_it(whole: Path) -> None:
    before = check_folder(whole)
    made = new_event(whole, EVENT)
    report = check_folder(whole)
    assert report.findings == ()
    assert catalog_report(whole).findings == ()
    assert report.schemas == before.schemas + 2
    assert report.examples == before.examples + 5
    assert made[-1] == whole / "catalog.yaml"
    assert entries(whole, EVENT) == [{"key": "user-id"}] * 2


def test_no_file_but_the_catalog_is_touched(whole: Path) -> None:
    before = content(whole)
    made = {str(file.relative_to(whole)) for file in new_event(whole, EVENT)}
    after = content(whole)
    assert {name for name in before if before[name] != after[name]} == {"catalog.yaml"}
    assert after.keys() - before.keys() == made - {"catalog.yaml"}


def test_the_catalog_gets_two_lines_and_keeps_all_others(folder: Path) -> None:
    before = (folder / "catalog.yaml").read_text().splitlines()
    new_event(folder, EVENT)
    line, after = f"      {EVENT}: {{key: user-id}}", (folder / "catalog.yaml").read_text().splitlines()
    assert [one for one in after if one != line] == before
    assert after.count(line) == 2
    topics = load_catalog(folder).topics
    assert [list(topics[topic].events)[-1] for topic in TOPICS] == [EVENT] * 2
    assert (folder / "catalog.yaml").stat().st_mode == (SCHEMAS / "catalog.yaml").stat().st_mode


def test_what_the_event_is(folder: Path) -> None:
    new_event(folder, EVENT)
    catalog = load_catalog(folder)
    raw, enriched = (catalog.newest(topic, EVENT) for topic in TOPICS)
    assert raw.record == "games.events.raw.ChessLesson"
    assert enriched.subject == "events-enriched-games.events.enriched.ChessLesson"
    fields = {field["name"]: field for field in enriched.avro["fields"]}
    assert list(fields) == ["event_type", "time", "user_id", "replace_me", "country", "platform"]
    assert fields["user_id"]["type"] == "string"  # 42 and "42" are one user
    assert [fields[name]["from-profile"] for name in ("country", "platform")] == ["country", "platform"]
    sent = {"event-type": EVENT, "time": 1, "replace-me": "x"}
    for user in (42, "42"):
        assert compile_contract(raw.resolved).to_record({**sent, "user-id": user})["user_id"] == user


def test_another_key(folder: Path) -> None:
    new_event(folder, "duel", "user-a")
    assert findings(folder, "duel") == []
    assert entries(folder, "duel") == [{"key": "user-a"}] * 2
    assert [field["type"] for field in load_catalog(folder).newest("events-raw", "duel").avro["fields"]][
        2
    ] == "string"


@pytest.mark.parametrize("event", ["no", "on", "null", "a", "x" * 100, "a1-b2"])
def test_names_that_are_allowed(folder: Path, event: str) -> None:
    new_event(folder, event)
    assert entries(folder, event) == [{"key": "user-id"}] * 2
    assert findings(folder, event) == []


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("", "is no name"),
        ("Tournament", "is no name"),
        ("tournament_entry", "is no name"),
        ("tournament--entry", "is no name"),
        ("-entry", "is no name"),
        ("entry-", "is no name"),
        ("1v1", "is no name"),
        ("team-1", "is no name"),  # Team1, as the record of team1
        ("../../etc", "is no name"),
        ("entry\n", "is no name"),
        ("größe", "is no name"),
        ("x" * 101, "is no name"),
        ("match", "there is a raw/match already"),
        ("post-match-info", "there is a raw/post-match-info already"),
        ("dead-letter", "there is a pipeline/dead-letter already"),
        ("inapp-purchase", "InappPurchase is taken by enriched/in-app-purchase/v1"),
        ("match-event-type", "MatchEventType is taken by enriched/match/v1"),
        ("time", "Time is taken by a column of all events"),
    ],
)
def test_a_name_that_cannot_be_leaves_nothing(folder: Path, event: str, words: str) -> None:
    before = content(folder)
    with pytest.raises(ConfigError, match=words):
        new_event(folder, event)
    assert content(folder) == before


def test_a_key_that_no_event_has(folder: Path) -> None:
    before = content(folder)
    with pytest.raises(ConfigError, match="no event of events-raw has the key 'player'") as caught:
        new_event(folder, EVENT, "player")
    assert caught.value.hint == "--key names the user's field: user-a or user-id"
    assert content(folder) == before


def test_a_second_time(folder: Path) -> None:
    new_event(folder, EVENT)
    before = content(folder)
    with pytest.raises(ConfigError, match="there is a raw/chess-lesson already"):
        new_event(folder, EVENT)
    assert content(folder) == before


def test_files_without_an_entry_are_never_written_over(folder: Path) -> None:
    mine = folder / "examples/raw" / EVENT / "valid/typical.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    before = content(folder)
    with pytest.raises(ConfigError, match="examples/raw/chess-lesson is there already"):
        new_event(folder, EVENT)
    assert content(folder) == before


@pytest.mark.parametrize("blocked", ["json/raw", "avro/enriched", "examples/raw", "examples/enriched"])
def test_an_error_on_the_way_takes_back_what_was_written(folder: Path, blocked: str) -> None:
    """A disk that is full half-way: what was written before is removed again, with its folders."""
    before, folders = content(folder), sorted(folder.rglob("*/"))
    target = folder / blocked / EVENT
    real = Path.mkdir

    def mkdir(self: Path, *args: Any, **options: Any) -> None:
        if self == target:
            raise OSError(28, "No space left on device", str(self))
        real(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "mkdir", mkdir)
        with pytest.raises(ConfigError, match=f"{blocked}/{EVENT} cannot be written: No space left on device"):
            new_event(folder, EVENT)
    assert content(folder) == before
    assert sorted(folder.rglob("*/")) == folders


def test_an_error_at_the_catalog_takes_everything_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(target))

    before = content(folder)
    monkeypatch.setattr(schemas.skeletons.shutil, "copymode", full)  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"catalog.yaml.* cannot be written: Permission denied"):
        new_event(folder, EVENT)
    assert content(folder) == before
    assert not list(folder.rglob(f"{EVENT}*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    (folder / "json/raw").chmod(0o555)
    before = content(folder)
    try:
        with pytest.raises(ConfigError, match=r"json/raw/chess-lesson cannot be written: Permission denied"):
            new_event(folder, EVENT)
    finally:
        (folder / "json/raw").chmod(0o755)
    assert content(folder) == before


def test_the_folder_of_an_installed_package(folder: Path, tmp_path: Path) -> None:
    installed = tmp_path / "lib/python3.12/site-packages/schemas"
    shutil.copytree(folder, installed)
    before = content(installed)
    with pytest.raises(ConfigError, match="belongs to the installed package") as caught:
        new_event(installed, EVENT)
    assert "--folder" in (caught.value.hint or "")
    assert content(installed) == before


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["schemas", "new", EVENT, "--folder", str(folder)])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert f"wrote  {folder}/json/raw/{EVENT}/v1.json" in printed
    assert f"edited {folder}/catalog.yaml" in printed
    assert f"avrogate schemas register --folder {folder}" in printed
    with pytest.raises(SystemExit) as ended:
        main(["schemas", "new", EVENT, "--folder", str(folder)])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("avrogate: there is a raw/chess-lesson already\n")


def test_every_example_of_a_skeleton_has_one_fault_at_most(folder: Path) -> None:
    """As `contracts_tests` asks of the shipped ones."""
    from schemas.validate import parse, validator

    new_event(folder, EVENT)
    for file in (folder / "examples").glob(f"*/{EVENT}/*/*.json"):
        judge = validator(folder / "json" / file.parts[-4] / EVENT / "v1.json")
        errors = list(judge.iter_errors(parse(file.read_text())))
        assert len(errors) == (file.parent.name == "invalid")


LAYOUTS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "comments behind and below": lambda text: text.replace(
        "in-app-purchase: {key: user-id}\n", "in-app-purchase: {key: user-id}  # the shop\n      # no more yet\n\n"
    ),
    "blocks": lambda text: text.replace(
        "in-app-purchase: {key: user-id}\n",
        "in-app-purchase:\n        key: user-id\n        unknown-fields: drop  # for now\n",
    ),
    "four blanks": lambda text: "".join(
        " " * (len(line) - len(line.lstrip())) + line for line in text.splitlines(keepends=True)
    ),
    "the enriched topic last, without a line end": lambda text: _enriched_last(text).rstrip("\n"),
    "one list of events for both": lambda text: text.replace("    events:\n", "    events: &all\n", 1).replace(
        "    types: [post-match-info]\n    events:\n"
        "      init: {key: user-id}\n      match: {key: user-a}\n      in-app-purchase: {key: user-id}\n\n"
        "  events-dead-letter",
        "    types: [post-match-info]\n    events: *all\n\n  events-dead-letter",
    ),
}


def _enriched_last(text: str) -> str:
    first, enriched, rest = text.partition("  events-enriched:\n")
    middle, letters, tail = rest.partition("  events-dead-letter:\n")
    return first + letters + tail + "\n" + enriched + middle


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_the_catalog(layout: str) -> None:
    text = LAYOUTS[layout]((SCHEMAS / "catalog.yaml").read_text())
    assert layout == "as it is" or text != (SCHEMAS / "catalog.yaml").read_text()
    new = with_event(text, TOPICS, EVENT, "user-id")
    wanted = yaml.safe_load(text)
    for topic in TOPICS:
        wanted["topics"][topic]["events"][EVENT] = {"key": "user-id"}
    assert yaml.safe_load(new) == wanted
    kept = [line for line in new.splitlines(keepends=True) if EVENT not in line]
    assert "".join(kept).rstrip("\n") == text.rstrip("\n")
    assert ("\r\n" in text) is all(line.endswith("\r\n") for line in new.splitlines(keepends=True))
    assert 1 <= new.count(EVENT) <= 2


@pytest.mark.parametrize("events", ["{init: {key: user-id}}", "{}"])
def test_a_layout_without_lines_is_refused_with_the_line_to_add(events: str) -> None:
    text = f"compatibility: FULL_TRANSITIVE\ntopics:\n  events-raw:\n    events: {events}\n"
    with pytest.raises(ConfigError) as caught:
        with_event(text, ["events-raw"], EVENT, "user-id")
    assert "`chess-lesson: {key: user-id}` under `events` of events-raw" in (caught.value.hint or "")
