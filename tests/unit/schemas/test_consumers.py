"""A change that takes something away from a consumer is one finding, which says from whom."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avrogate.cli import main
from avrogate.consumers import all_consumers
from avrogate.errors import ConfigError
from schemas.catalog import SCHEMAS, load_catalog
from schemas.consumers import Consumer, broken, readers_of, readings, with_readers
from schemas.derived import derive_all
from schemas.field_types import type_at

Change = Callable[[dict[str, Any]], Any]
CATALOG = load_catalog()
CONSUMERS = all_consumers(CATALOG)


@pytest.fixture
def folder(copied_schemas: Path) -> Path:
    shutil.copytree(SCHEMAS / "examples", copied_schemas / "examples")
    return copied_schemas


def second_version(folder: Path, event: str, change: Change) -> None:
    """Version 2 of an event in both stages; `change` is made to the enriched one."""
    for stage in ("raw", "enriched"):
        first = folder / "json" / stage / event / "v1.json"
        schema = json.loads(first.read_text(encoding="utf-8"))
        if stage == "enriched":
            change(schema)
        first.with_name("v2.json").write_text(json.dumps(schema), encoding="utf-8")
    for file in derive_all(folder):
        file.write()


def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    with pytest.raises(SystemExit) as exit_:
        main(["schemas", "check", "--folder", str(folder), "--format", "json"])
    assert exit_.value.code == 1
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def without(name: str) -> Change:
    def change(schema: dict[str, Any]) -> None:
        del schema["properties"][name]
        if name in schema.get("required", ()):
            schema["required"].remove(name)

    return change


def test_a_field_that_a_kpi_reads_is_dropped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second_version(folder, "in-app-purchase", without("country"))
    (finding,) = check(folder, capsys)
    assert finding["rule"] == "field-removed"
    assert finding["subject"] == "events-enriched-games.events.enriched.InAppPurchase"
    assert (finding["older"], finding["newer"]) == ("v1", "v2")
    assert finding["message"].endswith("; read by daily users, KPI revenue-by-country")
    assert finding["advice"]


def test_a_field_that_nobody_reads_names_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second_version(folder, "init", without("country-code"))
    (finding,) = check(folder, capsys)
    assert "read by" not in finding["message"]


def test_a_type_that_a_kpi_does_not_cope_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def scale(schema: dict[str, Any]) -> None:
        schema["properties"]["purchase_value"] = {
            "type": "number",
            "minimum": 0,
            "required": True,
            "x-avro": {"logicalType": "decimal", "precision": 18, "scale": 4},
        }

    second_version(folder, "in-app-purchase", scale)
    (finding,) = check(folder, capsys)
    assert finding["rule"] == "decimal-scale-changed"
    assert "read by KPI revenue, KPI revenue-by-country" in finding["message"]


def test_a_consumer_of_what_never_was() -> None:
    wishes = Consumer("wishful", "enriched", {"Init": {"mood": "string", "time": "long"}, "Refund": {"x": "long"}})
    found = with_readers([], broken(CATALOG, [wishes]))
    assert [(one.rule, one.newer, one.message) for one in found] == [
        ("consumer-event-missing", "catalog.yaml", "no topic of the stage enriched has this event; read by wishful"),
        ("consumer-field-missing", "v1", "there is no field 'mood'; read by wishful"),
        ("consumer-field-type", "v1", "field 'time' is timestamp-millis, not long; read by wishful"),
    ]
    assert found[2].pointer == "/fields/1"


def test_a_wider_declaration_is_no_finding() -> None:
    assert not broken(CATALOG, [Consumer("x", "enriched", {"Init": {"country": "string | null | long"}})])


def test_who_reads_a_field() -> None:
    found = readers_of(CATALOG, CONSUMERS, "events-enriched-games.events.enriched.InAppPurchase.purchase_value")
    assert {one.consumer for one in found} == {"KPI revenue", "KPI revenue-by-country"}
    assert {one.type for one in found} == {"decimal(18,2)"}
    short = readers_of(CATALOG, CONSUMERS, "InAppPurchase.purchase_value")
    assert short == found
    assert readers_of(CATALOG, CONSUMERS, "Init.country_code") == []


def test_who_reads_a_shared_record() -> None:
    by_holder = readers_of(CATALOG, CONSUMERS, "Match.user_b_postmatch_info")
    assert {one.field for one in by_holder} == {"user_b_postmatch_info.platform"}
    itself = readers_of(CATALOG, CONSUMERS, "PostMatchInfo.platform")
    assert {one.consumer for one in itself} == {"quality processor, rule platform-upper-case", "daily users"}


def test_a_typo_is_told() -> None:
    with pytest.raises(ConfigError, match=r"no subject 'Macth\.winner'"):
        readers_of(CATALOG, CONSUMERS, "Macth.winner")
    with pytest.raises(ConfigError, match="has no field 'looser'"):
        readers_of(CATALOG, CONSUMERS, "Match.looser")


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["schemas", "consumers", "InAppPurchase.country", "--format", "json"])
    assert exit_.value.code == 0
    assert {one["consumer"] for one in json.loads(capsys.readouterr().out)} == {
        "daily users",
        "KPI revenue-by-country",
    }


def test_every_declaration_holds_for_what_is_shipped() -> None:
    assert broken(CATALOG, CONSUMERS) == []
    assert len(list(readings(CATALOG, CONSUMERS))) > 50


@pytest.mark.parametrize(
    "reading", list(readings(CATALOG, CONSUMERS)), ids=lambda one: f"{one.consumer}: {one.field}"
)
def test_a_declaration_that_is_broken_is_a_finding(reading: Any) -> None:
    version = [one for one in CATALOG.versions if one.subject == reading.subject][-1]
    other = "long" if reading.type == "boolean" else "boolean"
    for wrong in ({f"{reading.field}x": reading.type}, {reading.field: other}):
        assert broken(CATALOG, [Consumer("x", version.stage, {version.short_name: wrong})]) or version.event in {
            name for topic in CATALOG.topics.values() for name in topic.types
        }
    assert type_at(version.resolved, reading.field) is not None
