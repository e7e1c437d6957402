"""`avrogate schemas check --dir`: anyone's `.avsc` files under git."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from avrogate.cli import main
from avrogate.errors import ConfigError
from schemas.avsc_folders import check_avsc_folder
from schemas.catalog import SCHEMAS


def schema(kind="long", name="Event", **more):
    return {"type": "record", "name": name, "fields": [{"name": "f", "type": kind, **more}]}


OPTIONAL = {"name": "g", "type": ["null", "string"], "default": None}


class Folder:
    def __init__(self, path):
        self.path = path

    def git(self, *arguments):
        who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=self.path, check=True, capture_output=True)

    def write(self, name, content):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def commit(self, name, content):
        self.write(name, content)
        self.git("add", ".")
        self.git("commit", "-q", "-m", name)

    def findings(self, level="FULL_TRANSITIVE", against=None, inside="."):
        report = check_avsc_folder(self.path / inside, level, against)
        return [(one.rule, one.subject, one.older, one.newer) for one in report.findings]

    def rules(self, *more, **named):
        return [finding[0] for finding in self.findings(*more, **named)]


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    folder.git("init", "-q")
    return folder


def test_a_file_is_compared_with_what_git_has_of_it(folder):
    folder.commit("a/event.avsc", schema("int"))
    assert folder.findings() == []
    folder.write("a/event.avsc", schema({"type": "int", "logicalType": "date"}))
    ((rule, subject, older, newer),) = folder.findings()
    assert (rule, subject, newer) == ("logical-type-changed", "a/event.avsc", "working tree")
    assert len(older) >= 7  # a short commit id


def test_what_is_committed_is_still_found(folder):
    folder.commit("event.avsc", schema("int"))
    folder.commit("event.avsc", schema("string"))
    assert folder.rules() == ["type-changed"]
    assert folder.rules(against="HEAD") == []
    assert folder.rules(against="HEAD~1") == ["type-changed"]


def test_one_thing_is_found_once_however_many_versions_there_are(folder):
    for number in range(4):
        folder.commit("event.avsc", {**schema(), "doc": str(number)})
    folder.write("event.avsc", schema("string"))
    assert folder.rules() == ["type-changed"]


def test_levels(folder):
    folder.commit("event.avsc", schema("int"))
    folder.commit("event.avsc", schema("long"))
    assert folder.rules() == ["type-changed"]
    assert folder.rules("BACKWARD_TRANSITIVE") == []
    folder.commit("event.avsc", schema("string"))
    folder.commit("event.avsc", {**schema("string"), "doc": "said"})
    assert folder.rules("BACKWARD") == []  # the one before only
    assert folder.rules("BACKWARD_TRANSITIVE") == ["type-changed", "type-changed"]


@pytest.mark.parametrize("name", ["v{}.avsc", "event-v{}.avsc", "event.v{}.avsc", "event_v{}.avsc"])
def test_numbered_files_are_versions_of_each_other(tmp_path, name):
    folder = Folder(tmp_path)  # no git needed
    folder.write(name.format(2), {**schema(), "fields": [*schema()["fields"], OPTIONAL]})
    folder.write(name.format(1), schema())
    assert folder.findings() == []
    folder.write(name.format(10), schema("string"))
    assert [(older, newer) for rule, _, older, newer in folder.findings() if rule == "type-changed"] == [
        ("v2", "v10")
    ]


def test_numbered_files_stay_as_they_were_released(folder):
    folder.commit("event-v1.avsc", schema())
    folder.commit("event-v2.avsc", schema())
    folder.write("event-v1.avsc", {**schema(), "doc": "said"})
    (folder.path / "event-v2.avsc").unlink()
    assert folder.rules() == []
    assert folder.rules(against="HEAD") == ["released-version-changed", "released-version-deleted"]


def test_a_file_that_is_gone_or_renamed(folder):
    folder.commit("event.avsc", schema())
    folder.git("mv", "event.avsc", "other.avsc")
    assert folder.rules(against="HEAD") == ["released-version-deleted"]


@pytest.mark.parametrize("text", ["", "{", "[1]", '"\\ud800x"', "[" * 5000])
def test_what_is_no_schema_is_one_finding(folder, text):
    folder.commit("event.avsc", schema())
    folder.write("event.avsc", text)
    assert folder.rules() == ["invalid-schema"]
    folder.commit("event.avsc", text)
    folder.write("event.avsc", schema())
    assert folder.rules() == []


def test_types_of_other_files(folder):
    folder.commit("money.avsc", {"type": "fixed", "name": "a.Money", "size": 8})
    folder.commit("event.avsc", schema("a.Money"))
    assert folder.findings() == []
    folder.write("event.avsc", schema("a.Amount"))
    assert folder.rules() == ["type-changed"]


def test_a_folder_within_the_repository(folder):
    folder.commit("x/a ü/event.avsc", schema())
    folder.commit("y/event.avsc", schema())
    folder.write("x/a ü/event.avsc", schema("string"))
    folder.write("y/event.avsc", schema("string"))
    assert [subject for _, subject, *_ in folder.findings(inside="x")] == ["a ü/event.avsc"]
    assert [subject for _, subject, *_ in folder.findings(inside="x", against="HEAD")] == ["a ü/event.avsc"]


def test_hidden_folders_are_left_alone(folder):
    folder.commit("event.avsc", schema())
    folder.write(".venv/broken.avsc", "{")
    folder.write("web/node_modules/broken.avsc", "{")
    assert folder.findings() == []


def test_folders_that_cannot_be_checked(tmp_path, folder):
    with pytest.raises(ConfigError, match=r"no \.avsc file"):
        folder.findings()
    with pytest.raises(ConfigError, match="is no folder"):
        folder.findings(inside="none")
    folder.commit("event.avsc", schema())
    with pytest.raises(ConfigError, match="no revision 'nope'"):
        folder.findings(against="nope")


def test_a_file_without_versions(tmp_path):
    folder = Folder(tmp_path)
    folder.write("event.avsc", schema())
    with pytest.raises(ConfigError, match="no earlier versions"):
        folder.findings()
    with pytest.raises(ConfigError, match="no git repository"):
        folder.findings(against="HEAD")


def test_a_repository_without_a_commit(folder):
    folder.write("event.avsc", schema())
    assert folder.findings() == []


def test_the_command(folder, capsys):
    folder.commit("event.avsc", schema())
    folder.write("event.avsc", schema("string"))
    for more, code in (["--against", "HEAD"], 1), (["--level", "NONE"], 0), (["--folder", "x"], 1):
        with pytest.raises(SystemExit) as ended:
            main(["schemas", "check", "--dir", str(folder.path), *more])
        assert ended.value.code == code
    assert "1 finding in 1 subjects in 2 versions at FULL_TRANSITIVE" in capsys.readouterr().err


def test_whatever_is_found_can_be_printed(folder, capsys):
    folder.commit("event.avsc", schema())
    folder.write("event.avsc", schema({"type": "long", "logicalType": "\ud800\0"}))
    for form in ("table", "json", "junit"):
        with pytest.raises(SystemExit) as ended:
            main(["schemas", "check", "--dir", str(folder.path), "--format", form])
        assert ended.value.code == 1
        text = capsys.readouterr().out
        assert text.encode("utf-8") and "logical-type-changed" in text
    assert ElementTree.fromstring(text.encode()).get("failures") == "1"


def test_the_pre_commit_hook_is_a_command_that_works(folder, monkeypatch):
    (hook,) = yaml.safe_load((Path(SCHEMAS).parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    program, *arguments = hook["entry"].split()
    assert program == "avrogate"
    folder.commit("event.avsc", schema())
    monkeypatch.chdir(folder.path)
    for text, code in (schema(), 0), (schema("string"), 1):
        folder.write("event.avsc", text)
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--against", "HEAD"])
        assert ended.value.code == code
