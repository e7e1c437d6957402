import json
import shutil

import pytest

from avrogate.errors import CatalogError, IncompatibleSchema, RegistryUnavailable
from schemas.catalog import SCHEMAS, load_catalog
from schemas.derived import derive_all
from schemas.plan import LevelStep, check_twins, make_plan
from schemas.register import LevelSet, execute, refuse, register_all
from schemas.whole_check import require_no_findings

INIT = "events-raw-games.events.raw.Init"
MATCH = "events-raw-games.events.raw.Match"
INNER = "events-raw-games.events.raw.PostMatchInfo"


def added(folder, kind="string", number=2, name="app_version", event="init"):
    """A version of raw/<event> with one field more than version 1; returns the catalog of the folder."""
    first = folder / "avro" / "raw" / event / "v1.avsc"
    schema = json.loads(first.read_text(encoding="utf-8"))
    schema["fields"].append({"name": name, "json-name": name, "type": ["null", kind], "default": None})
    first.with_name(f"v{number}.avsc").write_text(json.dumps(schema), encoding="utf-8")
    for stage in ("raw", "enriched"):
        (folder / "json" / stage / event / f"v{number}.json").write_text("{}", encoding="utf-8")
    twin = folder / "avro" / "enriched" / event
    shutil.copy(twin / "v1.avsc", twin / f"v{number}.avsc")
    return load_catalog(folder)


def of(plan, subject):
    return [step for step in plan.versions if step.version.subject == subject]


@pytest.fixture
def foreign(registered, copied_schemas, tmp_path):
    """A registry that has a version of raw/init which is not in the repository."""
    shutil.copytree(copied_schemas, tmp_path / "theirs")
    registered.register(added(tmp_path / "theirs").newest("events-raw", "init"))
    return registered


def test_everything_is_registered_references_first(catalog, memory_registry):
    done = register_all(catalog, memory_registry)
    assert [row.source for row in done] == [str(version) for version in catalog.versions]
    assert {row.outcome for row in done} == {"new"}
    assert memory_registry.subjects() == sorted(catalog.by_subject())
    assert {memory_registry.compatibility(subject) for subject in catalog.by_subject()} == {catalog.compatibility}


def test_a_second_run_changes_nothing_and_keeps_the_ids(catalog, memory_registry):
    first = register_all(catalog, memory_registry)
    second = register_all(catalog, memory_registry)
    assert {row.outcome for row in second} == {"unchanged"}
    assert [(row.version, row.schema_id) for row in second] == [(row.version, row.schema_id) for row in first]


def test_another_compatibility_level_is_set_right(catalog, registered):
    registered.set_compatibility(INIT, "NONE")
    plan = make_plan(catalog, registered)
    assert [step for step in plan.steps if isinstance(step, LevelStep)] == [
        LevelStep(INIT, "NONE", "FULL_TRANSITIVE")
    ]
    assert list(execute(plan, registered)) == [LevelSet(INIT, "NONE", "FULL_TRANSITIVE")]
    assert registered.compatibility(INIT) == catalog.compatibility


def test_a_plan_writes_nothing_and_is_what_is_done(catalog, memory_registry):
    plan = make_plan(catalog, memory_registry)
    assert memory_registry.subjects() == []
    assert memory_registry.compatibility(next(iter(catalog.by_subject()))) is None
    assert plan.unchanged == 0
    done = list(execute(plan, memory_registry))
    assert [one.subject for one in done] == [
        getattr(step, "subject", None) or step.version.subject for step in plan.steps
    ]
    assert [one.version for one in done if not isinstance(one, LevelSet)] == [step.number for step in plan.versions]
    order = [str(step.version) for step in plan.versions]
    assert order.index("raw/post-match-info/v1") < order.index("raw/match/v1")


def test_a_plan_says_what_is_there_and_what_number_comes(copied_schemas, registered):
    plan = make_plan(added(copied_schemas), registered)
    assert [(step.number, bool(step.found)) for step in of(plan, INIT)] == [(1, True), (2, False)]
    assert plan.unchanged == len(plan.versions) - 1  # the enriched twin has an older one's text
    assert len(plan.steps) == len(plan.versions)


def test_a_number_that_somebody_else_took(copied_schemas, foreign):
    catalog = added(copied_schemas, name="device")
    (step,) = [step for step in of(make_plan(catalog, foreign), INIT) if not step.found]
    assert step.number == 3
    assert {row.version for row in register_all(catalog, foreign) if row.outcome == "new"} >= {3}


def test_the_registry_changes_between_plan_and_execution(copied_schemas, registered):
    catalog = added(copied_schemas)
    registered.set_compatibility(INIT, "NONE")
    plan = make_plan(catalog, registered)
    registered.register(catalog.newest("events-raw", "init"))
    registered.set_compatibility(INIT, catalog.compatibility)
    done = list(execute(plan, registered))
    assert [(one.source, one.outcome) for one in done if one.subject == INIT] == [("raw/init/v2", "unchanged")]
    assert registered.versions(INIT) == [1, 2]


@pytest.mark.parametrize("tells", [True, False])
def test_an_incompatible_schema_is_refused_with_the_registrys_reason(foreign, copied_schemas, tells):
    foreign.tells_reasons = tells
    catalog = added(copied_schemas, kind="long")
    before = [foreign.versions(subject) for subject in foreign.subjects()]
    plan = make_plan(catalog, foreign)
    (refused,) = plan.refused
    assert refused.refusal.startswith(f"raw/init/v2: incompatible, says the registry for subject {INIT}")
    assert ("another type in version 2" in refused.refusal) is tells
    assert ("it gives no reason; worked out here: " in refused.refusal) is not tells
    reason = (
        f"raw/init/v2: incompatible, says the registry for subject {INIT}: FULL_TRANSITIVE: field app_version has"
    )
    with pytest.raises(IncompatibleSchema, match=reason):
        refuse(plan, foreign)
    with pytest.raises(IncompatibleSchema, match=reason):
        register_all(catalog, foreign)
    assert [foreign.versions(subject) for subject in foreign.subjects()] == before


def test_a_registry_that_gives_no_reason_is_not_asked_out_of_turn(foreign, copied_schemas):
    foreign.tells_reasons = False
    added(copied_schemas, name="device")
    catalog = added(copied_schemas, kind="long", number=3)
    plan = make_plan(catalog, foreign)
    assert [str(step.version) for step in plan.refused] == ["raw/init/v3"]
    foreign.verdict = lambda *_: None  # it would take anything now
    with pytest.raises(IncompatibleSchema, match="raw/init/v3: incompatible, says the registry"):
        refuse(plan, foreign)
    assert foreign.versions(INIT) == [1, 2]


def test_a_level_that_is_to_change_is_looked_ahead_at(foreign, copied_schemas):
    """The registry would judge by the level that it has now; the plan must say what happens after the change."""
    catalog = added(copied_schemas, kind="long")
    foreign.set_compatibility(INIT, "NONE")
    foreign.verdict = lambda level, *_: None if level == "NONE" else "no"
    (refused,) = make_plan(catalog, foreign).refused
    assert refused.refusal.startswith(
        f"raw/init/v2: incompatible at FULL_TRANSITIVE with version 2 of subject {INIT}: "
    )
    with pytest.raises(IncompatibleSchema, match="with version 2"):
        register_all(catalog, foreign)
    assert foreign.compatibility(INIT) == "NONE", "nothing was written"
    foreign.verdict = lambda level, *_: "no" if level == "NONE" else None
    assert not make_plan(added(copied_schemas, name="device"), foreign).refused


def test_a_version_whose_reference_is_new_is_compared_here(registered, copied_schemas):
    added(copied_schemas, event="post-match-info")
    first = copied_schemas / "avro/raw/match/v1.avsc"
    schema = json.loads(first.read_text())
    schema["references"][0]["version"] = 2
    schema["fields"] = [field for field in schema["fields"] if field["name"] != "winner"]
    first.with_name("v2.avsc").write_text(json.dumps(schema))
    twin = first.parents[2] / "enriched/match"
    shutil.copy(twin / "v1.avsc", twin / "v2.avsc")
    for stage in ("raw", "enriched"):
        (copied_schemas / f"json/{stage}/match/v2.json").write_text("{}")
    plan = make_plan(load_catalog(copied_schemas), registered)
    assert [step.number for step in of(plan, INNER)] == [1, 2]
    (refused,) = plan.refused
    assert refused.refusal.startswith(
        f"raw/match/v2: incompatible at FULL_TRANSITIVE with version 1 of subject {MATCH}"
    )
    assert "winner" in refused.refusal


def test_a_raw_version_without_its_enriched_twin_is_refused_before_anything_is_asked(memory_registry, copied_schemas):
    folder = copied_schemas / "json/raw/init"
    shutil.copy(folder / "v1.json", folder / "v2.json")
    for derived in derive_all(copied_schemas):
        derived.write()
    catalog = load_catalog(copied_schemas)
    with pytest.raises(CatalogError, match="raw/init/v2 has no enriched/init/v2"):
        make_plan(catalog, memory_registry)
    with pytest.raises(CatalogError):
        check_twins(catalog)
    assert memory_registry.asked == 0


def test_a_missing_file_is_found_before_anything_is_asked(memory_registry, copied_schemas):
    (copied_schemas / "avro/pipeline/minute-kpi/v1.avsc").unlink()
    with pytest.raises(CatalogError, match="pipeline/minute-kpi/v1: no derived Avro schema"):
        make_plan(load_catalog(copied_schemas), memory_registry)
    assert memory_registry.asked == 0


def test_a_folder_with_findings_is_none_to_register_from(copied_schemas):
    require_no_findings(SCHEMAS)
    with pytest.raises(
        CatalogError, match=r"\d+ findings in \d+ schemas .*, the first: .*: there is no valid example"
    ) as caught:
        require_no_findings(copied_schemas)
    assert "`avrogate schemas check`" in caught.value.hint


def test_an_outage_is_passed_on(catalog, memory_registry):
    memory_registry.fault = "down"
    with pytest.raises(RegistryUnavailable):
        make_plan(catalog, memory_registry)
