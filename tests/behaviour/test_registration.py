"""Registering the shipped catalog, on the double and on the real registry."""

from __future__ import annotations

import json
import uuid

import pytest

from avrogate.errors import ConfigError, IncompatibleSchema
from schemas.catalog import load_catalog
from schemas.drift import drift
from schemas.plan import make_plan
from schemas.register import register_all
from schemas.registry import Registry


@pytest.fixture(params=["memory", *(pytest.param(one, marks=pytest.mark.stack) for one in ("embedded", "confluent"))])
def registry(request):
    if request.param == "memory":
        yield request.getfixturevalue("memory_registry")
        return
    stack = request.getfixturevalue("stack")
    if request.param == "embedded":
        yield Registry(stack)
        return
    doubles = request.getfixturevalue("registry_proxy")
    with doubles.proxy(stack.registry, shape=doubles.confluent()) as other:
        yield Registry(stack.model_copy(update={"registry_url": other.url}))


@pytest.fixture
def suffix():
    return uuid.uuid4().hex[:8]


@pytest.fixture
def ours(copied_schemas, suffix):
    return load_catalog(copied_schemas).suffixed(suffix)


def test_a_plan_the_real_thing_and_again(registry, ours):
    plan = make_plan(ours, registry)
    assert plan.unchanged == 0 and not plan.refused
    assert not set(ours.by_subject()) & set(registry.subjects())
    assert all(registry.compatibility(subject) is None for subject in ours.by_subject())

    first = register_all(ours, registry)
    assert {row.outcome for row in first} == {"new"}
    assert [row.version for row in first] == [step.number for step in plan.versions]
    assert set(ours.by_subject()) <= set(registry.subjects())
    assert {registry.compatibility(subject) for subject in ours.by_subject()} == {ours.compatibility}

    again = register_all(ours, registry)
    assert {row.outcome for row in again} == {"unchanged"}
    assert [row.schema_id for row in again] == [row.schema_id for row in first]
    plan = make_plan(ours, registry)
    assert plan.unchanged == len(plan.steps) == len(first)


def test_what_is_registered_is_what_is_checked_in(registry, ours):
    for version, row in zip(ours.versions, register_all(ours, registry), strict=True):
        found = registry.text(row.schema_id)
        assert json.loads(found.text) == version.avro
        assert {one.name for one in found.references} == {one.name for one in version.references}
    assert list(drift(ours, registry)) == []


def test_a_breaking_change_is_refused_and_nothing_of_it_is_written(registry, ours, suffix):
    register_all(ours, registry)
    version = next(one for one in ours.versions if str(one) == "enriched/init/v1")
    schema = {**version.avro, "fields": version.avro["fields"][:-1]}  # without the platform, which has no default
    version.avro_file.write_text(json.dumps(schema))
    changed = load_catalog(ours.folder).suffixed(suffix)
    (refused,) = make_plan(changed, registry).refused
    assert refused.refusal.startswith(
        f"enriched/init/v1: incompatible, says the registry for subject {version.subject}"
    )
    with pytest.raises(IncompatibleSchema, match=rf"enriched/init/v1: incompatible.* {version.subject}: ..........+"):
        register_all(changed, registry)
    assert registry.versions(version.subject) == [1]
    assert [(one.kind, one.version) for one in drift(changed, registry)] == [("different", 1)]


def test_the_same_text_with_another_version_behind_its_reference(registry, ours, suffix):
    register_all(ours, registry)
    inner = next(one for one in ours.versions if str(one) == "raw/post-match-info/v1")
    field = {"name": "note", "type": ["null", "string"], "default": None}
    inner.avro_file.write_text(json.dumps({**inner.avro, "fields": [*inner.avro["fields"], field]}))
    changed = load_catalog(ours.folder).suffixed(suffix)
    registry.register(next(one for one in changed.versions if str(one) == "raw/post-match-info/v1"))
    extra, different = drift(changed, registry)
    assert (extra.kind, extra.subject, extra.version) == ("extra", inner.subject, 1)
    assert (different.kind, different.version) == ("different", 1)
    behind = f"{inner.record} is version 1 of {inner.subject}, here {inner.record} is version 2 of {inner.subject}"
    assert different.message == f"version 1 is the text of raw/match/v1 with other references: {behind}"


@pytest.mark.stack
@pytest.mark.parametrize("ask", [make_plan, register_all])
def test_an_address_without_a_registry_is_a_wrong_setting(stack, ours, ask):
    url = f"{stack.registry.partition('/apis')[0]}/apis/none"
    nowhere = Registry(stack.model_copy(update={"registry_url": url}))
    with pytest.raises(ConfigError, match=f"no registry with Confluent's API at {url}"):
        ask(ours, nowhere)
