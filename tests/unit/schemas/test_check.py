"""The offline check, on copies of the schema folder in which something was broken."""

import json
import shutil

import pytest
import yaml

from schemas.catalog import SCHEMAS
from schemas.check import check_folder, example_files
from schemas.derived import derive_all


def findings(folder):
    findings = check_folder(folder).findings
    assert all(finding.advice for finding in findings)
    return [(finding.rule, finding.where) for finding in findings]


def edit(file, change):
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def derive_again(folder):
    for file in derive_all(folder):
        file.write()


@pytest.fixture
def folder(tmp_path):
    """A part of the shipped schema folder: two events on three topics, with their examples."""
    folder = tmp_path / "schemas"
    for stage, event in (("raw", "init"), ("enriched", "init"), ("pipeline", "stream-progress")):
        for part in ("json", "avro", "examples"):
            shutil.copytree(SCHEMAS / part / stage / event, folder / part / stage / event)
    content = yaml.safe_load((SCHEMAS / "catalog.yaml").read_text())
    topics = {name: content["topics"][name] for name in ("events-raw", "events-enriched", "kpis-minute")}
    for topic in topics.values():
        topic["types"] = []
        topic["events"] = {name: one for name, one in topic["events"].items() if name in ("init", "stream-progress")}
    (folder / "catalog.yaml").write_text(yaml.safe_dump({**content, "topics": topics}))
    return folder


def test_a_folder_in_order_has_no_findings(folder):
    report = check_folder(folder)
    assert report.findings == ()
    assert report.examples == len(list((folder / "examples").rglob("*.json"))) > 0
    assert report.schemas == len(list((folder / "json").rglob("*.json")))


def test_drift(folder):
    edit(folder / "avro/raw/init/v1.avsc", lambda schema: schema.pop("doc"))
    assert findings(folder) == [("drift", "raw/init/v1.avsc")]


@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_an_event_without_examples(folder, kind):
    shutil.rmtree(folder / "examples/raw/init" / kind)
    assert findings(folder) == [("no-example", "raw/init/v1")]


def test_an_event_without_any_example(folder):
    shutil.rmtree(folder / "examples/pipeline/stream-progress")
    assert findings(folder) == [("no-example", "pipeline/stream-progress/v1")] * 2


def test_examples_in_the_wrong_place(folder):
    examples = folder / "examples/raw"
    shutil.move(examples / "init/valid/typical.json", examples / "init/invalid/typical.json")
    shutil.move(examples / "init/invalid/time-minus-1.json", examples / "init/valid/time-minus-1.json")
    shutil.move(examples / "init/stricter/time-seconds-past-64-bits.json", examples / "init/valid/late.json")
    (examples / "init/stricter/other.json").write_text('{"event-type": "match"}')
    assert sorted(findings(folder)) == [
        ("example-accepted", "raw/init/invalid/typical.json"),  # by both judges
        ("example-accepted", "raw/init/invalid/typical.json"),
        ("example-refused", "raw/init/stricter/other.json"),
        ("example-refused", "raw/init/valid/late.json"),  # by the encoder only
        ("example-refused", "raw/init/valid/time-minus-1.json"),
        ("example-refused", "raw/init/valid/time-minus-1.json"),
        ("stricter-than-said", "raw/init/stricter/other.json"),
    ]


@pytest.mark.parametrize(
    "place", ["raw/logout/valid/a.json", "raw/init/good/a.json", "raw/init/valid/a.txt", "raw/init/valid/deep/a.json"]
)
def test_examples_that_nothing_is_held_to(folder, place):
    file = folder / "examples" / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}")
    assert findings(folder) == [("stray-example", f"examples/{place}")]


@pytest.mark.parametrize("content", [b"{", b"", b'"\xff"'])
def test_an_example_that_is_no_json(folder, content):
    (folder / "examples/raw/init/invalid/text.json").write_bytes(content)
    assert findings(folder) == [("example-unreadable", "raw/init/invalid/text.json")]


def test_a_key_that_is_no_field(folder):
    file = folder / "catalog.yaml"
    file.write_text(file.read_text().replace("key: generation", "key: generations"))
    assert findings(folder) == [("no-key-field", "pipeline/stream-progress/v1")]


def test_a_raw_version_without_its_enriched_twin(folder):
    shutil.copy(folder / "json/raw/init/v1.json", folder / "json/raw/init/v2.json")
    derive_again(folder)
    report = check_folder(folder)
    assert [(one.rule, one.message) for one in report.findings] == [
        ("missing-twin", "raw/init/v2 has no enriched/init/v2: the processor could not pass such events on")
    ]


def test_examples_are_of_the_newest_version(folder):
    for stage in ("raw", "enriched"):
        newest = folder / "json" / stage / "init" / "v2.json"
        shutil.copy(newest.with_name("v1.json"), newest)
        edit(newest, lambda schema: schema["properties"].update({"build": {"type": "string"}}))
    derive_again(folder)
    edit(folder / "examples/raw/init/valid/typical.json", lambda event: event.update(build="1.2"))
    assert findings(folder) == []
    edit(folder / "examples/raw/init/valid/typical.json", lambda event: event.update(build=1))
    assert findings(folder) == [("example-refused", "raw/init/valid/typical.json")] * 2


def test_old_versions_are_held_to_no_examples(catalog):
    for version in catalog.versions:
        assert bool(example_files(catalog, version)) is (catalog.newest(version.topic, version.event) == version)
