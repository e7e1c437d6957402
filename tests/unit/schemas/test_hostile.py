"""Schemas that try to break the derivation: `hostile/<name>.json`, and in `hostile/<name>.yaml` what must come of it.

`verdict: ok` with the whole Avro schema, or the `error` (a part of its message), the JSON `pointer` of the place, and
a part of the `hint`. A new case is a new pair of files.
"""

import json
import time
from pathlib import Path

import fastavro
import pytest
import yaml

from avrogate.errors import DerivationError
from schemas.contract import compile_contract
from schemas.derive import derive
from schemas.validate import validator

FOLDER = Path(__file__).parent / "hostile"
CASES = sorted(file.stem for file in FOLDER.glob("*.json"))
SOON = 5.0  # seconds; each takes milliseconds, but for a busy machine


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_schema_gets_the_verdict_that_is_written_beside_it(name):
    file = FOLDER / f"{name}.json"
    wanted = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    started = time.perf_counter()
    if "error" in wanted:
        with pytest.raises(DerivationError) as caught:
            derive(file)
        assert wanted["error"] in caught.value.message
        assert wanted["pointer"] == caught.value.pointer
        assert wanted.get("hint", "") in (caught.value.hint or "")
        assert "\n" not in caught.value.message
    else:
        schema = derive(file).schema
        assert schema == wanted["avro"]
        compile_contract(schema)
        fastavro.parse_schema(schema)
        validator(file)
    assert time.perf_counter() - started < SOON


def test_every_case_has_its_verdict_and_there_are_enough():
    assert {file.stem for file in FOLDER.glob("*.yaml")} == set(CASES)
    assert len(CASES) >= 20


def test_a_schema_of_a_megabyte(write, document):
    """Each property is looked at in its file once: the time grows with the size, not with its square."""
    names = [f"property-{number}" for number in range(16_000)]
    content = document({name: {"$ref": "#/$defs/text"} for name in names})
    content["$defs"] = {"text": {"type": "string", "maxLength": 50, "description": "x" * 500}}
    file = write(json.dumps(content, indent=1))
    assert file.stat().st_size > 1_000_000
    started = time.perf_counter()
    fields = derive(file).schema["fields"]
    assert [field["json-name"] for field in fields] == names
    assert time.perf_counter() - started < SOON
