"""What `schemas derive --report` says: everything that Avro does not, and nothing twice."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from avrogate.cli.schemas import app
from avrogate.errors import DerivationError
from schemas import check
from schemas.catalog import SCHEMAS
from schemas.contract import constraints
from schemas.derive import STRICTER
from schemas.derive.report import COLUMNS, report_json, report_tables
from schemas.derived import derive_all

MONEY = {"type": "number", "x-avro": {"logicalType": "decimal", "precision": 9, "scale": 2}}
BINARY = {"type": "string", "contentEncoding": "base64", "x-avro": {"type": "bytes"}}
SECONDS = {"type": "integer", "x-avro": {"logicalType": "timestamp-millis", "unit": "seconds"}}


def refused(derivation):
    return [(one.pointer, one.reason, one.refuses) for one in derivation.stricter]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"type": "string"}, [("invalid-text", "half of a surrogate pair")]),
        (BINARY, [("not-base64", "text that is not base64")]),
        ({"type": "boolean"}, []),
        ({"type": "string", "enum": ["a"], "x-avro": {"enum": "E"}}, []),
        ({"type": "integer"}, [("out-of-range", f"integers below {-(2**63)} or past {2**63 - 1}")]),
        ({"type": "integer", "minimum": 0}, [("out-of-range", f"integers past {2**63 - 1}")]),
        ({"type": "integer", "minimum": 1, "exclusiveMaximum": 5}, []),
        ({"type": "integer", "maximum": 2**63, "minimum": 0}, [("out-of-range", f"integers past {2**63 - 1}")]),
        ({"type": "integer", "enum": [1, 2]}, []),
        ({**SECONDS, "minimum": 0}, [("out-of-range", "seconds past 9223372036854775")]),
        ({"type": "number"}, [("out-of-range", "numbers past the largest of 64 bits (1.8e308)")]),
        (
            MONEY,
            [
                ("out-of-range", "numbers of more than 7 digits before the point"),
                ("too-many-decimals", "numbers of more than 2 decimal places"),
            ],
        ),
        (
            {**MONEY, "x-avro": {**MONEY["x-avro"], "rounding": "half-even"}},
            [("out-of-range", "numbers of more than 7 digits before the point")],
        ),
    ],
)
def test_what_the_encoder_refuses_beyond_the_json_schema(derived, node, expected):
    assert refused(derived({"a": node})) == [("/properties/a", *one) for one in expected]


def test_maps_and_items_have_their_own_places(derived):
    found = refused(derived({"m": {"type": "object", "additionalProperties": {"type": "string"}}}))
    assert [(pointer, reason) for pointer, reason, _ in found] == [
        ("/properties/m", "invalid-text"),
        ("/properties/m/additionalProperties", "invalid-text"),
    ]


def test_what_is_no_constraint_is_noted(derived):
    properties = {
        "t": SECONDS,
        "d": {"type": "string", "default": "x"},
        "n": {"type": ["string", "null"]},
        "c": {"type": "integer", "const": 1},
    }
    found = derived(properties, required=["t", "c"])
    assert [(note.pointer, note.enforced) for note in found.notes] == [
        ("/additionalProperties", "encoder: unknown fields as the catalog says"),
        ("/properties/t/x-avro/unit", "encoder: seconds become milliseconds"),
        ("/properties/d/default", "encoder: writes it where the field is absent"),
        ("/properties/n/type", "not told apart: null reads back as absent, which is allowed as well"),
    ]
    assert [(loss.pointer, loss.keyword) for loss in found.losses] == [("/properties/c/const", "const")]


def test_what_is_shared_is_said_once(write, document):
    content = document({"a": {"$ref": "#/$defs/t"}, "b": {"$ref": "#/$defs/t"}})
    content["$defs"] = {"t": {"type": "string", "maxLength": 3}}
    file = write(content)
    (found,) = derive_all(file.parents[3])
    assert [loss.pointer for loss in found.losses] == ["/$defs/t/maxLength"]


def test_a_constraint_that_nothing_enforces_is_an_error(derived, monkeypatch):
    monkeypatch.delitem(constraints.TEXT, "maxLength")
    with pytest.raises(DerivationError, match="'maxLength' would be enforced nowhere") as caught:
        derived({"a": {"type": "array", "items": {"type": "string", "maxLength": 3}}})
    assert caught.value.pointer == "/properties/a/items"


def test_the_reasons_are_one_list_with_the_check():
    assert check.STRICTER is STRICTER
    report = report_json(derive_all(SCHEMAS))
    assert {one["reason"] for lists in report["files"].values() for one in lists["refused-also"]} == STRICTER.keys()


def test_the_command_prints_every_place_as_json_and_as_tables():
    files = derive_all(SCHEMAS)
    done = CliRunner().invoke(app, ["derive", "--report", "--format", "json"])
    assert done.exit_code == 0
    assert json.loads(done.output) == report_json(files)
    done = CliRunner().invoke(app, ["derive", "--report"])
    assert done.exit_code == 0
    for name, rows in report_tables(files):
        assert name in done.output
        assert rows and all(len(row) == len(COLUMNS) for row in rows)


def test_an_orphan_is_not_in_the_report():
    (*_, last) = derive_all(SCHEMAS)
    assert report_json([replace(last, state="orphan")])["files"] == {}


def test_the_report_writes_nothing(copied_schemas):
    file = copied_schemas / "avro/raw/init/v1.avsc"
    file.unlink()
    assert CliRunner().invoke(app, ["derive", "--report", "--folder", str(copied_schemas)]).exit_code == 0
    assert not file.exists()
