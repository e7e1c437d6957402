"""The examples: right about every schema, and enough of them to notice any change of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from avrogate.errors import InvalidEvent
from schemas.catalog import SCHEMAS, load_catalog
from schemas.check import NEEDED, STRICTER, check_folder, example_files
from schemas.contract import Contract, compile_contract
from schemas.validate import parse, validator
from schemas.versions import SchemaVersion

CATALOG = load_catalog()
NEWEST = [version for version in CATALOG.versions if CATALOG.newest(version.topic, version.event) == version]
EXAMPLES = [(version, file) for version in NEWEST for file in example_files(CATALOG, version)]
BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")

each_event = pytest.mark.parametrize("version", NEWEST, ids=str)


@cache
def judges(version: SchemaVersion) -> tuple[Any, Contract]:
    return validator(version.json_file), compile_contract(version.resolved)


@cache
def event_in(file: Path) -> Any:
    return parse(file.read_text(encoding="utf-8"))


def refusal(contract: Contract, event: Any) -> InvalidEvent | None:
    try:
        contract.to_record(event)
    except InvalidEvent as error:
        return error
    return None


@pytest.mark.parametrize(
    ("version", "file"), EXAMPLES, ids=["/".join(file.parts[-4:-1]) + "/" + file.stem for _, file in EXAMPLES]
)
def test_the_verdict_of_json_schema_and_of_the_encoder(version, file):
    by_schema, contract = judges(version)
    event, kind = event_in(file), file.parent.name
    refused = refusal(contract, event)
    assert by_schema.is_valid(event) is (kind != "invalid")
    assert (refused is None) is (kind == "valid"), refused
    if kind == "stricter":
        assert refused.reason in STRICTER


def test_the_command_says_the_same():
    report = check_folder(SCHEMAS)
    assert report.findings == ()
    assert report.examples == len(EXAMPLES)


@each_event
@pytest.mark.parametrize("kind", NEEDED)
def test_every_event_has_examples_of_both_kinds(version, kind):
    assert any(file.parent.name == kind for file in example_files(CATALOG, version)), (
        f"{version} has no {kind} example"
    )


def test_every_reason_to_be_stricter_has_an_example():
    refused = [
        refusal(judges(version)[1], event_in(file)) for version, file in EXAMPLES if file.parent.name == "stricter"
    ]
    assert {error.reason for error in refused} == STRICTER.keys()


@each_event
def test_an_invalid_example_has_one_fault(version):
    """Two faults in one example would hide that one of them is no longer found."""
    by_schema, _ = judges(version)
    for file in example_files(CATALOG, version):
        if file.parent.name == "invalid":
            places = {tuple(error.absolute_path) for error in by_schema.iter_errors(event_in(file))}
            renamed = any(word in file.stem for word in ("underscores", "hyphen", "empty", "not-an-object"))
            assert len(places) == 1 or renamed, f"{file}: {places}"


def records(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The records written out in a schema, itself first."""
    yield schema
    for field in schema["fields"]:
        for branch in field["type"] if isinstance(field["type"], list) else [field["type"]]:
            inner = branch.get("items", branch) if isinstance(branch, dict) else branch
            if isinstance(inner, dict) and inner["type"] == "record":
                yield from records(inner)


def changes(field: dict[str, Any]) -> Iterator[tuple[str, Callable[[dict[str, Any]], Any]]]:
    """Small changes to a field that some example must notice."""
    kind = field["type"]
    branches = [one for one in kind if one != "null"] if isinstance(kind, list) else [kind]
    optional = len(branches) != len(kind) if isinstance(kind, list) else False
    wider = branches if optional else ["null", *branches]
    yield (
        "required or not",
        lambda it: it.update(type=(branches[0] if len(branches) == 1 else branches) if optional else wider),
    )
    yield "another name", lambda it: it.update({"json-name": it["json-name"] + "x"})
    if "string" in branches and "long" not in branches:
        yield "a number too", lambda it: it.update(type=(["null"] if optional else []) + ["string", "long"])
    if "long" in branches and "string" not in branches:
        yield "text too", lambda it: it.update(type=(["null"] if optional else []) + ["string", "long"])
    if {"string", "long"} <= {str(one) for one in branches}:
        yield "text only", lambda it: it.update(type="string")
        yield "a number only", lambda it: it.update(type="long")
    for name in BOUNDS:
        if name in field.get("contract", {}):
            for step in (-1, 1):
                yield f"{name} {step:+}", lambda it, n=name, s=step: it["contract"].update({n: it["contract"][n] + s})
            yield f"no {name}", lambda it, n=name: it["contract"].pop(n)
    if field.get("json-unit") == "seconds":
        yield "milliseconds", lambda it: it.pop("json-unit")
    for index, branch in enumerate(branches):
        if isinstance(branch, dict):
            yield from details(
                branch, lambda it, i=index: it["type"][i + optional] if isinstance(it["type"], list) else it["type"]
            )


def details(
    branch: dict[str, Any], find: Callable[[Any], dict[str, Any]]
) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if branch.get("logicalType") == "decimal":
        for key in ("precision", "scale"):
            for step in (-1, 1):
                yield f"{key} {step:+}", lambda it, k=key, s=step: find(it).update({k: find(it)[k] + s})
        yield "rounding", lambda it: find(it).update(rounding="half-even")
    if branch["type"] == "enum":
        for symbol in branch["json-symbols"]:
            yield f"without {symbol}", lambda it, s=symbol: find(it)["json-symbols"].pop(s)
        yield "one more symbol", lambda it: find(it)["json-symbols"].update(logout="logout")
    if branch["type"] == "map":
        yield "other values", lambda it: find(it).update(values="long")


def mutants() -> Iterator[Any]:
    for version in NEWEST:
        for number, record in enumerate(records(version.resolved)):
            for index, field in enumerate(record["fields"]):
                for name, change in changes(field):
                    yield pytest.param(version, number, index, change, id=f"{version}-{field['json-name']}-{name}")


@pytest.mark.parametrize(("version", "record", "field", "change"), list(mutants()))
def test_some_example_notices_a_change_of_the_contract(version, record, field, change):
    schema = deepcopy(version.resolved)
    change(list(records(schema))[record]["fields"][field])
    mutant = compile_contract(schema)
    for file in example_files(CATALOG, version):
        if (refusal(mutant, event_in(file)) is None) is not (file.parent.name == "valid"):
            return
    pytest.fail(f"every example of {version} agrees with a contract in which this was changed")


@each_event
def test_some_example_notices_an_open_object(version):
    """An unknown field that is dropped, in the event itself and in each object within it."""
    _, contract = judges(version)
    places: set[str] = set()
    for file in example_files(CATALOG, version):
        if file.parent.name == "invalid" and isinstance(event_in(file), dict):
            dropped: list[str] = []
            try:
                contract.to_record(event_in(file), dropped)
            except InvalidEvent:
                continue
            places |= {path.rpartition(".")[0] for path in dropped}
    assert len(places) >= len(list(records(version.resolved)))


def test_the_files_are_read_by_everyone():
    """Plain JSON in UTF-8, with a line end, and no two alike for one event."""
    seen: dict[tuple[Path, str], Path] = {}
    for _, file in EXAMPLES:
        text = file.read_bytes().decode()
        assert text.endswith("\n")
        key = (file.parents[1], json.dumps(json.loads(text, parse_float="number {}".format), sort_keys=True))
        assert key not in seen, f"{file} and {seen[key]} are the same event"
        seen[key] = file
