"""`avrogate schemas check` on copies of the schema folder in which someone made an unsafe change."""

import json
import shutil
import subprocess
from xml.etree import ElementTree

import pytest

from avrogate.cli import main
from avrogate.errors import ConfigError
from schemas.catalog import SCHEMAS, load_catalog
from schemas.derived import derive_all
from schemas.history import check_history


def git(folder, *arguments):
    who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def version(folder, event, number, change=lambda schema: None):
    """Write version `number` of an event as its first one with a change."""
    file = folder / "json" / event / "v1.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    change(schema)
    file.with_name(f"v{number}.json").write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
    for derived in derive_all(folder):
        derived.write()


@pytest.fixture
def check(capsys):
    """Runs the command: its exit code and the findings."""

    def run(folder, *more, form="json"):
        with pytest.raises(SystemExit) as ended:
            main(["schemas", "check", "--folder", str(folder), "--format", form, *more])
        said = capsys.readouterr().out
        return ended.value.code, json.loads(said) if form == "json" else said

    return run


@pytest.fixture
def folder(copied_schemas):
    shutil.copytree(SCHEMAS / "examples", copied_schemas / "examples")
    return copied_schemas


@pytest.fixture
def released(folder):
    """The copy in a repository in which all of it is released under the tag v1."""
    git(folder.parent, "init", "-q")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "-q", "-m", "first")
    git(folder.parent, "tag", "v1")
    return folder


def add_required(schema):
    schema["properties"]["source"] = {"type": "string"}
    schema["required"].append("source")


def add_optional(schema):
    schema["properties"]["source"] = {"type": "string"}


def rename(schema):
    schema["properties"]["people"] = schema["properties"].pop("users")


def rename_required(schema):
    schema["properties"]["events"] = schema["properties"].pop("count")
    schema["required"][schema["required"].index("count")] = "events"


def scale(schema):
    schema["properties"]["amount"]["x-avro"]["scale"] = 4


def micros(schema):
    schema["properties"]["window-start"]["x-avro"] = {"logicalType": "timestamp-millis", "unit": "seconds"}


def symbol(schema):
    schema["properties"]["outcome"]["enum"].append("replay")


def tighten(schema):
    schema["properties"]["count"]["minimum"] = 1


def loosen(schema):
    schema["properties"]["kpi"]["maxLength"] = 200


def other_record(schema):
    schema["x-avro"]["record"] = "MinuteKpis"


UNSAFE = {
    "a required field": ("pipeline/minute-kpi", add_required, "field-without-default"),
    "a decimal's scale": ("pipeline/minute-kpi", scale, "decimal-scale-changed"),
    "a symbol without default": ("pipeline/dead-letter-replay", symbol, "enum-symbol-unknown"),
    "a rename": ("pipeline/minute-kpi", rename, "field-renamed"),
    "a rename of a required field": ("pipeline/minute-kpi", rename_required, "field-renamed"),
    "another unit": ("pipeline/minute-kpi", micros, "json-unit-changed"),
    "a tighter bound": ("pipeline/minute-kpi", tighten, "bounds-tightened"),
    "a looser bound": ("pipeline/minute-kpi", loosen, "bounds-loosened"),
    "another record": ("pipeline/minute-kpi", other_record, "name-changed"),
}


@pytest.mark.parametrize("case", UNSAFE.values(), ids=UNSAFE)
def test_an_unsafe_version_is_one_clear_finding(case, folder, check):
    event, change, rule = case
    version(folder, event, 2, change)
    code, (finding,) = check(folder)
    assert code == 1
    assert (finding["rule"], finding["older"], finding["newer"]) == (rule, "v1", "v2")
    assert finding["subject"].startswith(("kpis-minute-", "dead-letter-replays-"))
    assert finding["pointer"].startswith("/") and finding["message"] and finding["advice"]


def test_a_safe_version_is_none(folder, check):
    version(folder, "pipeline/minute-kpi", 2, add_optional)
    assert check(folder) == (0, [])


def test_each_version_is_compared_with_all_earlier_ones(folder, check):
    version(folder, "pipeline/minute-kpi", 2)
    version(folder, "pipeline/minute-kpi", 3, scale)
    _, findings = check(folder)
    assert [(one["older"], one["newer"]) for one in findings] == [("v1", "v3"), ("v2", "v3")]


def test_a_raw_version_without_its_enriched_one(folder, check):
    version(folder, "raw/init", 2)
    code, (finding,) = check(folder)
    assert (code, finding["rule"]) == (1, "missing-twin")
    assert finding["advice"].startswith("add the enriched schema")


def test_nothing_changed_since_the_release(released, check):
    assert check(released, "--against", "v1") == (0, [])
    version(released, "pipeline/minute-kpi", 2, add_optional)
    assert check(released, "--against", "v1") == (0, [])


def test_a_released_version_that_was_edited(released, check):
    version(released, "pipeline/minute-kpi", 1, add_optional)
    code, (finding,) = check(released, "--against", "v1")
    assert (code, finding["rule"], finding["subject"]) == (1, "released-version-changed", "pipeline/minute-kpi")
    assert "json/pipeline/minute-kpi/v1.json is released in v1 and was changed" in finding["message"]


def test_a_released_version_that_is_gone(released, check):
    shutil.rmtree(released / "json/pipeline/user-profile")
    shutil.rmtree(released / "avro/pipeline/user-profile")
    shutil.rmtree(released / "examples/pipeline/user-profile")
    catalog = released / "catalog.yaml"
    text = catalog.read_text(encoding="utf-8")
    start, end = text.index("  user-profiles:"), text.index("  kpis-minute:")
    catalog.write_text(text[:start] + text[end:], encoding="utf-8")
    _, (nobody_writes_it, gone) = check(released, "--against", "v1")
    assert (gone["rule"], gone["subject"]) == ("released-version-deleted", "pipeline/user-profile")
    assert (nobody_writes_it["rule"], nobody_writes_it["subject"]) == ("consumer-event-missing", "UserProfile")


def test_another_key(released, check):
    catalog = released / "catalog.yaml"
    text = catalog.read_text(encoding="utf-8")
    catalog.write_text(text.replace("match: {key: user-a}", "match: {key: user-b}", 1), encoding="utf-8")
    _, (finding,) = check(released, "--against", "v1")
    assert (finding["rule"], finding["pointer"]) == ("key-changed", "/topics/events-raw/events/match/key")
    assert "'user-b' and was 'user-a' in v1" in finding["message"]


@pytest.mark.parametrize(
    ("now", "before", "rule", "pointer"),
    [
        ("compatibility: FULL_TRANSITIVE", "compatibility: BACKWARD_TRANSITIVE", "level-weakened", "/compatibility"),
        (
            "owner: analytics\n    stage: pipeline\n    partitions: 1\n",
            "owner: analytics\n    stage: pipeline\n    partitions: 8\n",
            "partitions-changed",
            "/topics/kpis-minute/partitions",
        ),
    ],
)
def test_another_promise_of_the_catalog(released, check, now, before, rule, pointer):
    catalog = released / "catalog.yaml"
    text = catalog.read_text(encoding="utf-8")
    assert text.count(now) == 1
    catalog.write_text(text.replace(now, before), encoding="utf-8")
    _, (finding,) = check(released, "--against", "v1")
    assert (finding["rule"], finding["newer"], finding["pointer"]) == (rule, "catalog.yaml", pointer)
    assert finding["advice"]


def test_a_stricter_level_is_no_finding(released, check):
    catalog = released / "catalog.yaml"
    full = catalog.read_text(encoding="utf-8")
    catalog.write_text(full.replace("FULL_TRANSITIVE", "FORWARD_TRANSITIVE"), encoding="utf-8")
    git(released.parent, "commit", "-qam", "weaker")
    catalog.write_text(full, encoding="utf-8")
    assert check(released, "--against", "HEAD") == (0, [])


def test_a_release_that_is_none(released, copied_schemas):
    with pytest.raises(ConfigError, match="no revision 'v9'"):
        check_history(load_catalog(released), "v9")
    with pytest.raises(ConfigError, match="no revision '--all'"):
        check_history(load_catalog(released), "--all")
    shutil.rmtree(released.parent / ".git")
    with pytest.raises(ConfigError, match="in no git repository"):
        check_history(load_catalog(released), "v1")


def test_a_release_before_there_were_schemas(folder, check):
    git(folder.parent, "init", "-q")
    git(folder.parent, "commit", "-q", "--allow-empty", "-m", "empty")
    assert check(folder, "--against", "HEAD") == (0, [])


def test_a_derived_file_that_is_no_avro(folder):
    (folder / "avro/pipeline/minute-kpi/v1.avsc").write_text("{", encoding="utf-8")
    (finding,) = check_history(load_catalog(folder))
    assert (finding.rule, finding.subject) == ("invalid-schema", "pipeline/minute-kpi/v1")


def test_how_it_is_printed(folder, check):
    version(folder, "pipeline/minute-kpi", 2, scale)
    code, text = check(folder, form="table")
    assert code == 1
    first, second = text.splitlines()
    assert first.startswith("decimal-scale-changed  kpis-minute-games.pipeline.MinuteKpi v1 → v2 /fields/")
    assert second.startswith("    instead: leave the field as it is")
    code, text = check(folder, form="junit")
    suite = ElementTree.fromstring(text)
    assert (code, suite.get("failures")) == (1, "1")
    assert suite.find(".//failure").get("type") == "decimal-scale-changed"
