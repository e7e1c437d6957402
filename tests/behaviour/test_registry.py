"""What a registry does for Avrogate: one suite for the double in memory and for the real one of the local stack.

A test that passes on one and fails on the other says that the double lies. The real one is asked directly, and
through proxies that word its answers as other registries do: what Avrogate makes of them is the same.
"""

from __future__ import annotations

import inspect
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from avrogate.errors import ConfigError, IncompatibleSchema, RegistryUnavailable, SchemaNotRegistered
from avrogate.settings import Settings
from schemas.registry import Registry
from schemas.versions import SchemaVersion

LONG, TEXT = {"name": "a", "type": "long"}, {"name": "b", "type": "string"}
OPTIONAL = {"name": "c", "type": ["null", "string"], "default": None}


@dataclass
class Bench:
    """A registry, and schemas that no other test has."""

    registry: Any
    at: Callable[[str], Any]
    addresses: dict[str, str]
    folder: Path
    topic: str

    @cached_property
    def down(self) -> Any:
        """A registry that does not answer."""
        return self.at(self.addresses["down"])

    @cached_property
    def nowhere(self) -> Any:
        """An address without a registry."""
        return self.at(self.addresses["nowhere"])

    def schema(self, *fields: dict[str, Any], event: str = "thing", number: int = 1, **more: Any) -> SchemaVersion:
        """A version of an event with these fields, as a derived file."""
        version = SchemaVersion(self.folder, self.topic, "raw", event, number)
        name = event.title().replace("-", "")
        avro = {"type": "record", "name": name, "namespace": f"n.{self.topic}", "fields": list(fields), **more}
        version.avro_file.parent.mkdir(parents=True, exist_ok=True)
        version.avro_file.write_text(json.dumps(avro, indent=2))
        return version

    def referring(self) -> tuple[SchemaVersion, SchemaVersion]:
        """A shared record, and an event that refers to it."""
        inner = self.schema(LONG, event="inner")
        field = {"name": "i", "type": inner.record}
        references = [{"name": inner.record, "type": "inner", "version": 1}]
        return inner, self.schema(field, event="outer", references=references)


@pytest.fixture(scope="module")
def proxies(stack: Settings, registry_proxy: Any) -> Iterator[dict[str, str]]:
    """Addresses of the real registry with the answers of others."""
    with (
        registry_proxy.proxy(stack.registry, shape=registry_proxy.confluent()) as now,
        registry_proxy.proxy(stack.registry, shape=registry_proxy.confluent_5()) as old,
    ):
        yield {"confluent": now.url, "confluent-5": old.url}


EMBEDDED = pytest.param("embedded", marks=pytest.mark.stack)
OTHERS = [pytest.param(name, marks=pytest.mark.stack) for name in ("confluent", "confluent-5")]
# for what does not depend on how an answer is worded
plain = pytest.mark.parametrize("bench", ["memory", EMBEDDED], indirect=True)


@pytest.fixture(params=["memory", EMBEDDED, *OTHERS])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    topic = f"t{uuid.uuid4().hex[:12]}"
    if request.param == "memory":
        memory = request.getfixturevalue("memory_registry")
        faults = {"down": "down", "nowhere": "nowhere"}
        return Bench(memory, lambda fault: type(memory)(fault=fault), faults, tmp_path, topic)
    stack: Settings = request.getfixturevalue("stack")
    url = stack.registry if request.param == "embedded" else request.getfixturevalue("proxies")[request.param]
    at = lambda url: Registry(stack.model_copy(update={"registry_url": url}))  # noqa: E731
    addresses = {"down": "http://127.0.0.1:1", "nowhere": f"{stack.registry.partition('/apis')[0]}/apis/none"}
    return Bench(at(url), at, addresses, tmp_path, topic)


def test_the_double_has_the_same_methods(memory_registry):
    knobs = {field.name for field in fields(memory_registry)}

    def methods(kind):
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in vars(kind).items()
            if inspect.isfunction(method) and not name.startswith("_") and name not in knobs
        }

    assert methods(type(memory_registry)) == methods(Registry)


def test_what_is_not_registered(bench):
    version = bench.schema(LONG)
    assert bench.registry.lookup(version) is None
    assert bench.registry.versions(version.subject) == bench.registry.ids(version.subject) == []
    assert bench.registry.version_text(version.subject, 1) is None
    assert version.subject not in bench.registry.subjects()
    with pytest.raises(SchemaNotRegistered, match=rf"raw/thing/v1 is not registered: subject {version.subject} "):
        bench.registry.id_of(version)


def test_registering_gives_an_id_and_a_version(bench):
    version = bench.schema(LONG)
    registered = bench.registry.register(version)
    assert (registered.subject, registered.version) == (version.subject, 1)
    assert registered.schema_id > 0
    assert bench.registry.lookup(version) == registered
    assert bench.registry.id_of(version) == registered.schema_id
    assert version.subject in bench.registry.subjects()
    assert bench.registry.subjects() == sorted(bench.registry.subjects())


def test_registering_again_changes_nothing(bench):
    version = bench.schema(LONG)
    assert bench.registry.register(version) == bench.registry.register(version)
    assert bench.registry.versions(version.subject) == [1]


def test_ids_differ_by_content_and_versions_count_within_the_subject(bench):
    first = bench.registry.register(bench.schema(LONG))
    second = bench.registry.register(bench.schema(LONG, OPTIONAL, number=2))
    other = bench.registry.register(bench.schema(TEXT, event="other"))
    assert (first.version, second.version, other.version) == (1, 2, 1)
    assert len({first.schema_id, second.schema_id, other.schema_id}) == 3
    assert bench.registry.versions(first.subject) == [1, 2]
    assert bench.registry.ids(first.subject) == [first.schema_id, second.schema_id]
    assert bench.registry.lookup(bench.schema(LONG)) == first  # the older one is still found


def test_the_same_content_has_one_id_under_every_subject(bench):
    version = bench.schema(LONG)
    elsewhere = replace(version, topic=f"{version.topic}-2")
    first = bench.registry.register(version)
    assert bench.registry.lookup(elsewhere) is None
    second = bench.registry.register(elsewhere)
    assert second.schema_id == first.schema_id
    assert (second.subject, second.version) == (elsewhere.subject, 1)


def test_the_text_behind_an_id_is_ours_with_its_own_properties(bench):
    version = bench.schema({**LONG, "json-name": "a-b", "contract": {"minimum": 0}})
    registered = bench.registry.register(version)
    for found in (
        bench.registry.text(registered.schema_id),
        bench.registry.text_now(registered.schema_id),
        bench.registry.version_text(version.subject, 1),
    ):
        assert json.loads(found.text) == version.avro
        assert found.references == ()


def test_what_the_registry_does_not_know(bench):
    version = bench.schema(LONG)
    bench.registry.register(version)
    assert bench.registry.text(2_000_000_000) is None
    assert bench.registry.text_now(2_000_000_000) is None
    assert bench.registry.version_text(version.subject, 2) is None
    assert bench.registry.version_text(f"{version.subject}-none", 1) is None
    assert bench.registry.compatibility(f"{version.subject}-none") is None


def test_a_reference_comes_first(bench):
    inner, outer = bench.referring()
    assert bench.registry.lookup(outer) is None
    assert bench.registry.objection(outer) is None
    with pytest.raises(IncompatibleSchema, match="raw/outer/v1: a schema that it refers to is not registered"):
        bench.registry.register(outer)
    assert bench.registry.versions(outer.subject) == []
    bench.registry.register(inner)
    registered = bench.registry.register(outer)
    assert bench.registry.lookup(outer) == registered
    text = bench.registry.text(registered.schema_id)
    assert [(one.name, one.subject, one.version) for one in text.references] == [(inner.record, inner.subject, 1)]
    assert json.loads(text.text) == outer.avro


def test_an_incompatible_schema_is_refused_with_the_registrys_reason(bench):
    version = bench.schema(LONG)
    bench.registry.set_compatibility(version.subject, "FULL_TRANSITIVE")
    bench.registry.register(version)
    breaking = bench.schema(LONG, TEXT, number=2)
    assert bench.registry.objection(breaking) is not None
    with pytest.raises(IncompatibleSchema) as caught:
        bench.registry.register(breaking)
    message = caught.value.message
    assert message.startswith(f"raw/thing/v2: incompatible, says the registry for subject {version.subject}: ")
    assert len(message.partition(f"{version.subject}: ")[2]) > 10
    assert "\n" not in message
    assert bench.registry.versions(version.subject) == [1]
    assert bench.registry.lookup(breaking) is None


def test_compatibility_looks_at_every_earlier_version(bench):
    version = bench.schema(LONG)
    bench.registry.set_compatibility(version.subject, "FULL_TRANSITIVE")
    bench.registry.register(version)
    bench.registry.register(bench.schema(LONG, OPTIONAL, number=2))
    retyped = bench.schema(LONG, {**OPTIONAL, "type": ["null", "long"]}, number=3)
    assert bench.registry.objection(retyped) is not None
    assert bench.registry.objection(bench.schema(LONG, {**OPTIONAL, "name": "d"}, number=3)) is None


def test_a_compatible_schema_is_accepted_and_not_yet_registered(bench):
    version = bench.schema(LONG)
    assert bench.registry.objection(version) is None
    bench.registry.register(version)
    assert bench.registry.objection(bench.schema(LONG, OPTIONAL, number=2)) is None
    assert bench.registry.versions(version.subject) == [1]


def test_each_subject_has_its_own_level(bench):
    one, other = bench.schema(LONG), bench.schema(LONG, event="other")
    bench.registry.set_compatibility(one.subject, "FULL_TRANSITIVE")  # before there is such a subject
    assert bench.registry.compatibility(one.subject) == "FULL_TRANSITIVE"
    assert bench.registry.compatibility(other.subject) is None
    bench.registry.register(one)
    bench.registry.set_compatibility(one.subject, "FORWARD_TRANSITIVE")
    assert bench.registry.compatibility(one.subject) == "FORWARD_TRANSITIVE"


QUESTIONS = {
    "lookup": lambda registry, version: registry.lookup(version),
    "id_of": lambda registry, version: registry.id_of(version),
    "register": lambda registry, version: registry.register(version),
    "objection": lambda registry, version: registry.objection(version),
    "text": lambda registry, version: registry.text(1),
    "text_now": lambda registry, version: registry.text_now(1),
    "version_text": lambda registry, version: registry.version_text(version.subject, 1),
    "subjects": lambda registry, version: registry.subjects(),
    "versions": lambda registry, version: registry.versions(version.subject),
    "ids": lambda registry, version: registry.ids(version.subject),
    "compatibility": lambda registry, version: registry.compatibility(version.subject),
    "set_compatibility": lambda registry, version: registry.set_compatibility(version.subject, "FULL"),
}


@plain
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_registry_that_is_down_is_an_outage_that_names_it(bench, question):
    with pytest.raises(RegistryUnavailable, match=f"registry unreachable at {bench.down.url} "):
        question(bench.down, bench.schema(LONG))


@plain
@pytest.mark.parametrize("name", ["id_of", "register", "subjects", "set_compatibility"])
def test_an_address_without_a_registry_is_a_wrong_setting(bench, name):
    with pytest.raises(ConfigError, match=f"no registry with Confluent's API at {bench.nowhere.url} "):
        QUESTIONS[name](bench.nowhere, bench.schema(LONG))
