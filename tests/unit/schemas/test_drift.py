"""Drift between registry and repository, on the registry in memory."""

from __future__ import annotations

import json

from schemas.catalog import load_catalog
from schemas.drift import drift
from schemas.registry import RegisteredText


def kinds(catalog, registry):
    return [(one.kind, one.subject.rpartition(".")[2]) for one in drift(catalog, registry)]


def test_a_registry_that_has_it_all_does_not_differ(registered, catalog):
    assert kinds(catalog, registered) == []


def test_an_empty_registry_lacks_every_subject(memory_registry, catalog):
    assert kinds(catalog, memory_registry) == [("missing", name.rpartition(".")[2]) for name in catalog.by_subject()]


def test_another_level(registered, catalog):
    subject = catalog.newest("events-raw", "init").subject
    registered.set_compatibility(subject, "NONE")
    assert kinds(catalog, registered) == [("level", "Init")]


def test_a_version_that_is_not_registered_yet(registered, copied_schemas):
    add_field(copied_schemas, "app-version")
    assert kinds(load_catalog(copied_schemas), registered) == [("missing", "Init")]


def test_a_version_of_the_same_number_with_another_text(registered, copied_schemas, tmp_path):
    add_field(copied_schemas, "app-version")
    registered.register(load_catalog(copied_schemas).newest("events-raw", "init"))
    add_field(copied_schemas, "device")
    assert kinds(load_catalog(copied_schemas), registered) == [("different", "Init")]


def test_versions_that_only_the_registry_has_are_named(registered, copied_schemas, catalog):
    for field in ("app-version", "device"):
        add_field(copied_schemas, field)
        registered.register(load_catalog(copied_schemas).newest("events-raw", "init"))
    found = [(one.kind, one.version, one.message) for one in drift(catalog, registered)]
    assert found == [("extra", number, f"version {number} is not in the repository") for number in (2, 3)]


def test_a_text_that_is_no_json_is_another_text(registered, copied_schemas, monkeypatch):
    add_field(copied_schemas, "app-version")
    registered.register(load_catalog(copied_schemas).newest("events-raw", "init"))
    add_field(copied_schemas, "device")
    monkeypatch.setattr(registered, "version_text", lambda *_: RegisteredText("message Init {}", ()))
    (one,) = drift(load_catalog(copied_schemas), registered)
    assert (one.kind, one.version, one.message) == ("different", 2, "version 2 is another text than raw/init/v2")


def test_another_topic_whose_name_begins_alike(registered, catalog):
    registered.register(catalog.suffixed("test").newest("events-raw-test", "init"))
    assert kinds(catalog, registered) == []


def test_what_only_the_registry_has(registered, copied_schemas, catalog):
    add_field(copied_schemas, "app-version")
    registered.register(load_catalog(copied_schemas).newest("events-raw", "init"))
    assert kinds(catalog, registered) == [("extra", "Init")]
    smaller = catalog.model_construct(
        compatibility=catalog.compatibility,
        topics={
            name: topic.model_copy(update={"events": {"init": topic.events["init"]}})
            if name == "events-raw"
            else topic
            for name, topic in catalog.topics.items()
        },
        folder=catalog.folder,
    )
    assert ("extra", "InAppPurchase") in kinds(smaller, registered)
    other = catalog.model_construct(
        compatibility=catalog.compatibility,
        topics={name: topic for name, topic in catalog.topics.items() if name != "events-raw"},
        folder=catalog.folder,
    )
    assert kinds(other, registered) == [], "another topic's subjects are nobody's business"


def add_field(folder, name):
    """Version 2 of raw/init, with one optional field more than version 1."""
    first = folder / "avro" / "raw" / "init" / "v1.avsc"
    schema = json.loads(first.read_text(encoding="utf-8"))
    field = {"name": name.replace("-", "_"), "json-name": name, "type": ["null", "string"], "default": None}
    schema["fields"].append(field)
    first.with_name("v2.avsc").write_text(json.dumps(schema), encoding="utf-8")
    (folder / "json" / "raw" / "init" / "v2.json").write_text("{}", encoding="utf-8")
