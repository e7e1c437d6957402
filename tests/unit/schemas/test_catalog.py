import shutil

import pytest
import yaml

from avrogate.errors import CatalogError
from schemas.catalog import SCHEMAS, load_catalog, shipped_catalog


@pytest.fixture
def edited(copied_schemas):
    """Load a copy of the catalog after a change to its YAML."""

    def load(change):
        file = copied_schemas / "catalog.yaml"
        content = yaml.safe_load(file.read_text())
        change(content)
        file.write_text(yaml.safe_dump(content))
        return load_catalog(copied_schemas)

    return load


def problem(function, *args):
    with pytest.raises(CatalogError) as caught:
        function(*args)
    return caught.value.message


def test_the_shipped_catalog_is_read_once():
    assert shipped_catalog() is shipped_catalog()
    assert shipped_catalog().folder == SCHEMAS


def test_versions_are_found_by_walking_references_first(catalog):
    assert len(catalog.versions) == len(list((SCHEMAS / "json").glob("*/*/v*.json")))
    position = {version: index for index, version in enumerate(catalog.versions)}
    for version in catalog.versions:
        for reference in version.references:
            assert position[reference.version] < position[version]


def test_a_new_version_is_found_by_itself(copied_schemas):
    for kind, suffix in (("json", "json"), ("avro", "avsc")):
        folder = copied_schemas / kind / "raw" / "init"
        shutil.copy(folder / f"v1.{suffix}", folder / f"v2.{suffix}")
    catalog = load_catalog(copied_schemas)
    assert [version.number for version in catalog.of("events-raw", "init")] == [1, 2]
    assert catalog.newest("events-raw", "init").number == 2
    assert [one.number for one in catalog.by_subject()["events-raw-games.events.raw.Init"]] == [1, 2]


def test_versions_are_ordered_as_numbers(copied_schemas):
    folder = copied_schemas / "json" / "raw" / "init"
    for number in range(2, 12):
        shutil.copy(folder / "v1.json", folder / f"v{number}.json")
    assert [one.number for one in load_catalog(copied_schemas).of("events-raw", "init")] == [*range(1, 12)]


def test_each_subject_has_one_event(catalog):
    for subject, versions in catalog.by_subject().items():
        assert len({(one.topic, one.stage, one.event) for one in versions}) == 1
        assert subject.startswith(versions[0].topic + "-")


def test_which_topic_carries_an_event(catalog):
    assert catalog.topic_of("raw", "init") == "events-raw"
    assert catalog.topic_of("enriched", "post-match-info") == "events-enriched"
    assert "raw/none" in problem(catalog.topic_of, "raw", "none")


def test_raw_and_profiles_have_the_same_partitions(catalog):
    assert catalog.topics["events-raw"].partitions == catalog.topics["user-profiles"].partitions


def test_the_configuration_of_topics(catalog):
    assert catalog.topics["events-raw"].config() == {
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "delete",
        "retention.ms": str(30 * 24 * 3600 * 1000),
    }
    assert catalog.topics["user-profiles"].config() == {
        "message.timestamp.type": "CreateTime",
        "cleanup.policy": "compact",
    }
    dead_letters = catalog.topics["events-dead-letter"].config()
    assert int(dead_letters["max.message.bytes"]) > 1_048_588  # the broker's default, which raw has


def test_unknown_fields_are_refused_unless_the_catalog_says_so(edited):
    def drop(content):
        content["topics"]["events-raw"]["events"]["init"]["unknown-fields"] = "drop"

    catalog = edited(drop)
    assert catalog.event("events-raw", "init").unknown_fields == "drop"
    assert catalog.event("events-raw", "match").unknown_fields == "refuse"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.pop("compatibility"), "catalog.yaml: compatibility: Field required"),
        (lambda c: c.update(compatibility="NONE"), "catalog.yaml: compatibility: "),
        (lambda c: c["topics"]["events-raw"].update(partitions=0), "topics.events-raw.partitions: "),
        (lambda c: c["topics"]["events-raw"].update(retention="soon"), "topics.events-raw.retention: "),
        (lambda c: c["topics"]["events-raw"].update(retention="0d"), "topics.events-raw.retention: "),
        (lambda c: c["topics"]["events-raw"].update(colour="red"), "topics.events-raw.colour: "),
        (lambda c: c["topics"]["events-raw"]["events"]["init"].pop("key"), "events.init.key: Field required"),
        (
            lambda c: c["topics"]["events-raw"]["events"]["init"].update({"unknown-fields": "ignore"}),
            "events.init.unknown-fields: ",
        ),
        (lambda c: c["topics"]["events-raw"]["events"].pop("match"), "schemas/json/raw/match is in no topic"),
        (lambda c: c["topics"].pop("kpis-minute"), "schemas/json/pipeline/minute-kpi is in no topic"),
        (lambda c: c.clear(), "catalog.yaml: "),
    ],
)
def test_a_wrong_entry_is_named(edited, change, says):
    assert says in problem(edited, change)


def test_an_event_without_a_schema(edited):
    catalog = edited(lambda content: content["topics"]["events-raw"]["events"].update(logout={"key": "user-id"}))
    assert "raw/logout: expected v1.json" in problem(lambda: catalog.versions)


def test_a_gap_between_versions(copied_schemas):
    folder = copied_schemas / "json" / "raw" / "init"
    shutil.copy(folder / "v1.json", folder / "v3.json")
    assert "raw/init: expected v1.json, v2.json, … without a gap, found [1, 3]" in problem(
        lambda: load_catalog(copied_schemas).versions
    )


@pytest.mark.parametrize("name", ["v0.json", "v01.json", "newest.json", "v1.json.json"])
def test_a_version_with_another_name(copied_schemas, name):
    shutil.copy(copied_schemas / "json/raw/init/v1.json", copied_schemas / "json/raw/init" / name)
    assert f"raw/init/{name}: a version is named v<N>.json" in problem(lambda: load_catalog(copied_schemas).versions)


@pytest.mark.parametrize("text", ["", "[]", "topics: [", "a: &a [*a]", "text"])
def test_a_file_that_is_no_catalog(copied_schemas, text):
    (copied_schemas / "catalog.yaml").write_text(text)
    assert problem(load_catalog, copied_schemas).startswith("catalog.yaml")


def test_no_catalog_at_all(tmp_path):
    assert "catalog.yaml cannot be read" in problem(load_catalog, tmp_path)
