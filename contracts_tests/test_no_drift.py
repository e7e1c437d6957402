"""The checked-in Avro schemas are what the JSON Schemas derive to, every time and everywhere."""

from __future__ import annotations

import os
import subprocess
import sys

import fastavro
import pytest

from schemas.catalog import SCHEMAS, load_catalog
from schemas.derived import derive_all
from schemas.drafts import CONSTRAINTS

FILES = derive_all(SCHEMAS)
CATALOG = load_catalog()
PRINT = (
    "from schemas.derived import *\nfrom schemas.catalog import SCHEMAS\nfor f in derive_all(SCHEMAS): print(f.text)"
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.avro_file.parts[-3:]))
def test_what_is_checked_in_is_what_is_derived(file):
    assert file.state == "unchanged"
    assert file.avro_file.read_bytes() == file.text.encode()


def test_there_is_one_derived_file_for_each_version_of_the_catalog():
    assert {version.avro_file for version in CATALOG.versions} == {file.avro_file for file in FILES}


def test_another_process_derives_the_same_bytes():
    """Hashes, and so the order of sets, differ between processes."""
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-c", PRINT]
        text = subprocess.run(command, env=environment, capture_output=True, check=True, encoding="utf-8").stdout
        assert text == "".join(f"{file.text}\n" for file in FILES)


@pytest.mark.parametrize("version", CATALOG.versions, ids=str)
def test_each_schema_with_its_references_is_legal_avro(version):
    fastavro.parse_schema(version.resolved)


@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.avro_file.parts[-3:]))
def test_every_bound_of_the_json_schema_is_reported_as_held_outside_avro(file):
    """Count the constraints in the text itself; those of properties referred to count where they are."""
    known = set().union(*CONSTRAINTS.values())
    here = "/".join(file.json_file.parts[-3:])
    reported = {loss.pointer for loss in file.losses if loss.source == here}
    assert {loss.keyword for loss in file.losses} <= known
    assert {
        pointer for pointer in constraint_pointers(file.json_file) if pointer.startswith("/properties")
    } == reported


def constraint_pointers(file):
    import json

    known = set().union(*CONSTRAINTS.values())

    def walk(node, pointer):
        for key, value in node.items():
            if isinstance(value, dict):
                yield from walk(value, f"{pointer}/{key}")
            elif key in known:
                yield f"{pointer}/{key}"

    return set(walk(json.loads(file.read_text(encoding="utf-8")), ""))
