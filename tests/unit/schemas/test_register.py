import shutil

import pytest

from avrogate.errors import CatalogError, IncompatibleSchema, RegistryUnavailable
from schemas.catalog import load_catalog
from schemas.derived import derive_all
from schemas.register import check_twins, register_all


def test_everything_is_registered_references_first(catalog, memory_registry):
    done = list(register_all(catalog, memory_registry))
    assert [row.source for row in done] == [str(version) for version in catalog.versions]
    assert {row.outcome for row in done} == {"new"}
    assert memory_registry.subjects() == sorted(catalog.by_subject())
    assert {memory_registry.compatibility(subject) for subject in catalog.by_subject()} == {catalog.compatibility}


def test_a_second_run_changes_nothing_and_keeps_the_ids(catalog, memory_registry):
    first = list(register_all(catalog, memory_registry))
    second = list(register_all(catalog, memory_registry))
    assert {row.outcome for row in second} == {"unchanged"}
    assert [(row.version, row.schema_id) for row in second] == [(row.version, row.schema_id) for row in first]


def test_another_compatibility_level_is_set_right(catalog, registered):
    registered.set_compatibility("events-raw-games.events.raw.Init", "NONE")
    list(register_all(catalog, registered))
    assert registered.compatibility("events-raw-games.events.raw.Init") == catalog.compatibility


def test_a_dry_run_writes_nothing(catalog, memory_registry):
    done = list(register_all(catalog, memory_registry, dry_run=True))
    assert {(row.outcome, row.version, row.schema_id) for row in done} == {("would be new", None, None)}
    assert memory_registry.subjects() == []
    assert memory_registry.compatibility(next(iter(catalog.by_subject()))) is None


def test_a_dry_run_says_what_is_there(catalog, registered):
    done = list(register_all(catalog, registered, dry_run=True))
    assert {row.outcome for row in done} == {"unchanged"}
    assert all(row.schema_id for row in done)


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_incompatible_schema_is_refused_by_name(catalog, registered, dry_run, copied_schemas):
    file = copied_schemas / "json/raw/init/v1.json"
    file.write_text(
        file.read_text().replace('"platform": {', '"device": {"type": "string", "required": true},"platform": {')
    )
    for derived in derive_all(copied_schemas):
        derived.write()
    with pytest.raises(IncompatibleSchema, match=r"raw/init/v1: incompatible.* events-raw-games\.events\.raw\.Init"):
        list(register_all(load_catalog(copied_schemas), registered, dry_run=dry_run))


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_raw_version_without_its_enriched_twin_is_refused_before_anything_is_asked(
    memory_registry, copied_schemas, dry_run
):
    folder = copied_schemas / "json/raw/init"
    shutil.copy(folder / "v1.json", folder / "v2.json")
    for derived in derive_all(copied_schemas):
        derived.write()
    catalog = load_catalog(copied_schemas)
    with pytest.raises(CatalogError, match="raw/init/v2 has no enriched/init/v2"):
        list(register_all(catalog, memory_registry, dry_run=dry_run))
    with pytest.raises(CatalogError):
        check_twins(catalog)
    assert memory_registry.asked == 0


def test_a_missing_file_is_found_before_anything_is_asked(memory_registry, copied_schemas):
    (copied_schemas / "avro/pipeline/minute-kpi/v1.avsc").unlink()
    with pytest.raises(CatalogError, match="pipeline/minute-kpi/v1: no derived Avro schema"):
        list(register_all(load_catalog(copied_schemas), memory_registry))
    assert memory_registry.asked == 0


def test_an_outage_is_passed_on(catalog, memory_registry):
    memory_registry.fault = "down"
    with pytest.raises(RegistryUnavailable):
        list(register_all(catalog, memory_registry))
