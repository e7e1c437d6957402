"""Whatever is taken away from the contracts, or broken in them, some check notices: each thing in turn.

Consumers' declarations are broken one by one in `tests/unit/schemas/test_consumers.py` and the two
`test_declarations.py` beside the consumers' packages; examples against small changes of a contract in
`test_examples.py`; golden records in the golden corpus's own tests.
"""

from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from avrogate.errors import AvrogateError
from schemas.catalog import SCHEMAS, Catalog, load_catalog
from schemas.check import check_examples, example_files
from schemas.derived import derive_all
from schemas.versions import SchemaVersion

CATALOG = load_catalog()
INVENTORY = runpy.run_path(str(Path(__file__).with_name("inventory.py")))
FILE, examples, inventory = (INVENTORY[name] for name in ("FILE", "examples", "inventory"))


def test_no_example_was_touched_unseen() -> None:
    message = "examples were added, removed or edited; if that is meant: python contracts_tests/inventory.py"
    assert inventory(examples()) == FILE.read_text(encoding="utf-8"), message


def test_each_example_is_missed_if_it_is_deleted_or_edited() -> None:
    found, kept = examples(), FILE.read_text(encoding="utf-8")
    assert sum(map(len, found.values())) >= 600
    for place, files in found.items():
        for name, content in files.items():
            without = {**found, place: {other: text for other, text in files.items() if other != name}}
            edited = {**found, place: {**files, name: content + b" "}}
            lines = {inventory({place: one[place]}) for one in (without, edited)}
            assert not any(line in kept for line in lines), f"{place}/{name}"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The catalog of a copy of the schema folder."""
    folder = tmp_path_factory.mktemp("copy") / "schemas"
    for part in ("json", "avro", "examples"):
        shutil.copytree(SCHEMAS / part, folder / part)
    shutil.copy(SCHEMAS / "catalog.yaml", folder)
    return load_catalog(folder)


def fields() -> Iterator[Any]:
    for version in CATALOG.versions:
        for name in json.loads(version.json_file.read_text(encoding="utf-8"))["properties"]:
            yield pytest.param(version, name, id=f"{version}-{name}")


def delete(schema: dict[str, Any], name: str) -> None:
    del schema["properties"][name]
    if name in schema.get("required", ()):
        schema["required"].remove(name)


def retype(schema: dict[str, Any], name: str) -> None:
    kept = {key: schema["properties"][name][key] for key in ("required",) if key in schema["properties"][name]}
    kind = "boolean" if schema["properties"][name].get("type") != "boolean" else "string"
    schema["properties"][name] = {"type": kind, **kept}


@pytest.mark.parametrize("change", [delete, retype])
@pytest.mark.parametrize(("version", "name"), list(fields()))
def test_each_field_is_missed(version: SchemaVersion, name: str, change: Any, copy: Catalog) -> None:
    mine = next(one for one in copy.versions if str(one) == str(version))
    before = mine.json_file.read_bytes()
    schema = json.loads(before)
    change(schema, name)
    try:
        mine.json_file.write_text(json.dumps(schema), encoding="utf-8")
        assert any(problems(copy, mine))
    finally:
        mine.json_file.write_bytes(before)


def problems(catalog: Catalog, version: SchemaVersion) -> Iterator[Any]:
    """What derivation or the examples say of a version as its JSON Schema is now.

    No example is held to an older version: there it is the derived file that must no longer be what is checked in.
    """
    try:
        (file,) = (one for one in derive_all(catalog.folder) if one.avro_file == version.avro_file)
    except AvrogateError as error:
        yield error
        return
    if catalog.newest(version.topic, version.event) != version:
        yield from [file.avro_file] * (file.state != "unchanged")
        return
    changed = deepcopy(version)
    changed.__dict__["text"] = file.text
    yield from check_examples(changed, example_files(catalog, version))
