"""Types in one line of text, found by a dotted path."""

from __future__ import annotations

import pytest

from schemas.field_types import branches, records_at, type_at

INFO = {"type": "record", "name": "Info", "fields": [{"name": "device", "type": "string"}]}
RECORD = {
    "type": "record",
    "name": "Event",
    "namespace": "games",
    "fields": [
        {"name": "user", "type": ["string", "long"]},
        {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["a"]}},
        {"name": "here", "type": INFO},
        {"name": "there", "type": ["null", "games.Info"]},
        {"name": "tags", "type": {"type": "array", "items": ["null", "string"]}},
        {"name": "counts", "type": {"type": "map", "values": "long"}},
        {"name": "every", "type": {"type": "array", "items": "games.Info"}},
    ],
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("user", "string | long"),
        ("time", "timestamp-millis"),
        ("price", "decimal(18,2)"),
        ("kind", "enum"),
        ("here", "record"),
        ("here.device", "string"),
        ("there", "null | record"),
        ("there.device", "string | null"),
        ("tags", "array<null | string>"),
        ("counts", "map<long>"),
        ("every", "array<record>"),
    ],
)
def test_the_type_of_a_field(path: str, kind: str) -> None:
    # the alternatives within <> are part of one name
    expected = {kind} if "<" in kind else branches(kind)
    assert type_at(RECORD, path) == expected


@pytest.mark.parametrize("path", ["nothing", "here.nothing", "user.nothing", "time.device", ""])
def test_no_such_field(path: str) -> None:
    assert type_at(RECORD, path) is None


def test_the_records_on_the_way() -> None:
    assert records_at(RECORD, "there.device") == {"games.Info": "device"}
    assert records_at(RECORD, "here") == {}
