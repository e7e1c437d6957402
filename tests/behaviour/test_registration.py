"""Registering the shipped catalog, on the double and on the real registry."""

from __future__ import annotations

import json
import uuid

import pytest

from avrogate.errors import ConfigError, IncompatibleSchema
from schemas.catalog import load_catalog
from schemas.register import register_all
from schemas.registry import Registry


@pytest.fixture(params=["memory", pytest.param("embedded", marks=pytest.mark.stack)])
def registry(request):
    if request.param == "memory":
        return request.getfixturevalue("memory_registry")
    return Registry(request.getfixturevalue("stack"))


@pytest.fixture
def suffix():
    return uuid.uuid4().hex[:8]


@pytest.fixture
def ours(copied_schemas, suffix):
    return load_catalog(copied_schemas).suffixed(suffix)


def test_a_dry_run_the_real_thing_and_again(registry, ours):
    plan = list(register_all(ours, registry, dry_run=True))
    assert {row.outcome for row in plan} == {"would be new"}
    assert not set(ours.by_subject()) & set(registry.subjects())
    assert all(registry.compatibility(subject) is None for subject in ours.by_subject())

    first = list(register_all(ours, registry))
    assert {row.outcome for row in first} == {"new"}
    assert set(ours.by_subject()) <= set(registry.subjects())
    assert {registry.compatibility(subject) for subject in ours.by_subject()} == {ours.compatibility}

    for dry_run in (False, True):
        again = list(register_all(ours, registry, dry_run=dry_run))
        assert {row.outcome for row in again} == {"unchanged"}
        assert [row.schema_id for row in again] == [row.schema_id for row in first]


def test_what_is_registered_is_what_is_checked_in(registry, ours):
    for version, row in zip(ours.versions, list(register_all(ours, registry)), strict=True):
        found = registry.text(row.schema_id)
        assert json.loads(found.text) == version.avro
        assert {one.name for one in found.references} == {one.name for one in version.references}


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_breaking_change_is_refused_and_nothing_of_it_is_written(registry, ours, suffix, dry_run):
    list(register_all(ours, registry))
    version = next(one for one in ours.versions if str(one) == "enriched/init/v1")
    schema = {**version.avro, "fields": version.avro["fields"][:-1]}  # without the platform, which has no default
    version.avro_file.write_text(json.dumps(schema))
    changed = load_catalog(ours.folder).suffixed(suffix)
    with pytest.raises(IncompatibleSchema, match=rf"enriched/init/v1: incompatible.* {version.subject}"):
        list(register_all(changed, registry, dry_run=dry_run))
    assert registry.versions(version.subject) == [1]


@pytest.mark.stack
@pytest.mark.parametrize("dry_run", [False, True])
def test_an_address_without_a_registry_is_a_wrong_setting(stack, ours, dry_run):
    url = stack.registry.replace("/ccompat/v7", "/none")
    nowhere = Registry(stack.model_copy(update={"registry_url": url}))
    with pytest.raises(ConfigError, match=f"no registry with Confluent's API at {url}"):
        list(register_all(ours, nowhere, dry_run=dry_run))
