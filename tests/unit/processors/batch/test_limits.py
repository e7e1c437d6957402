"""Where the batch form differed from the judge, or kept more than it may."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from avrogate.settings import Settings
from processors.batch import BatchJudge, memory
from processors.batch.plan import make_plan
from processors.engine import compile_rules
from processors.judge import Judge
from processors.profiles import Partition, Profiles
from processors.raw_batch import RawBatch
from processors.readers import Reader
from processors.records import Enriched, Profile, RawRecord
from processors.rules import Context, RecordRule, Refusal, Rule, shipped_rules
from schemas.codec import Codec
from schemas.versions import SchemaVersion

NOON = 1_767_268_800_000
USER = {"name": "user", "type": "string"}
INNER = {"type": "record", "name": "Inner", "fields": [{"name": "level", "json-name": "level", "type": "long"}]}


def codec(folder: Path, stage: str, schema_id: int, fields: list[dict[str, Any]]) -> Codec:
    version = SchemaVersion(folder, f"events-{stage}", stage, "all", 1)
    version.avro_file.parent.mkdir(parents=True)
    named = [one | {"json-name": one["name"]} for one in fields]
    version.avro_file.write_text(
        json.dumps({"type": "record", "name": "All", "namespace": f"games.{stage}", "fields": named})
    )
    return Codec(version, schema_id)


def reader(
    folder: Path,
    rules: tuple[Rule, ...],
    raw: list[dict[str, Any]],
    enriched: list[dict[str, Any]] | None = None,
    user: str = "user",
    given: dict[str, str] | None = None,
) -> Reader:
    one, other = codec(folder, "raw", 1, raw), codec(folder, "enriched", 2, enriched or raw)
    return Reader(one, other, rules, compile_rules(rules, one.contract), user, given or {}, {})


def judges(one: Reader) -> tuple[Judge, BatchJudge]:
    readers: Any = SimpleNamespace(known={1: one}, reader=lambda schema_id: one)
    judge = Judge(readers, Settings())
    return judge, BatchJudge(judge, readers, Settings())


def compare(one: Reader, events: list[dict[str, Any]]) -> None:
    raw = [
        RawRecord("events-raw", 0, number, NOON, str(event[one.user_field]).encode(), one.raw.write(event))
        for number, event in enumerate(events)
    ]
    judge, both = judges(one)
    counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
    alone, together = (Profiles({0: Partition()}).overlay() for _ in range(2))
    expected = [judge.judge(record, alone, counts[0]) for record in raw]
    judged = both.judge(RawBatch.of_records(raw), together, counts[1])
    for number, outcome in enumerate(expected):
        if isinstance(outcome, Enriched):
            assert (judged.keys[number], judged.values[number]) == (outcome.key, outcome.value)
        else:
            assert judged.refused.get(number) == outcome
    assert counts[0] == counts[1]


def upper(values: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
    context.count("seen")
    return {"text": values["text"].upper()}


def test_what_rules_count_survives_a_memory_that_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "REMEMBERED", 40)
    rule = RecordRule(name="upper", reads={"text": "string"}, apply=upper, sets=("text",))
    one = reader(tmp_path, (rule,), [USER, {"name": "text", "type": "string"}])
    compare(one, [{"user": "ann", "text": f"text-{number}"} for number in range(100)])


def test_a_numeric_user_is_a_column_of_numbers(tmp_path: Path) -> None:
    rule = RecordRule(
        name="known",
        reads={"user": "long"},
        apply=lambda values, context: None if values["user"] > 3 else Refusal("nobody", "user"),
        passes=lambda columns, together: columns["user"] > 3,  # type: ignore[no-any-return]
    )
    one = reader(tmp_path, (rule,), [{"name": "user", "type": "long"}])
    compare(one, [{"user": number} for number in range(40)])


def test_two_numeric_players(tmp_path: Path) -> None:
    rule = next(rule for rule in shipped_rules() if rule.name == "two-players")
    one = reader(tmp_path, (rule,), [{"name": name, "type": "long"} for name in ("user_a", "user_b")], user="user_a")
    compare(one, [{"user_a": number % 5, "user_b": 2} for number in range(40)])


def test_a_rule_that_passes_by_a_record_has_no_batch_form(tmp_path: Path) -> None:
    rule = RecordRule(
        name="inner",
        reads={"inner": "record"},
        apply=lambda values, context: None,
        passes=lambda columns, together: [True] * len(together.users),
    )
    assert make_plan(reader(tmp_path, (rule,), [USER, {"name": "inner", "type": INNER}]), Settings()) is None


def test_a_rule_that_sets_a_record(tmp_path: Path) -> None:
    rule = RecordRule(
        name="inner",
        reads={"text": "string"},
        apply=lambda values, context: {"inner": {"level": 7}, "text": values["text"]},
        sets=("inner", "text"),
    )
    one = reader(tmp_path, (rule,), [USER, {"name": "text", "type": "string"}, {"name": "inner", "type": INNER}])
    compare(one, [{"user": "ann", "text": "x", "inner": {"level": number}} for number in range(40)])


def test_a_user_that_rules_change_and_only_the_key_has(tmp_path: Path) -> None:
    rule = RecordRule(
        name="upper",
        reads={"user": "string", "text": "string"},
        apply=lambda values, context: {"user": values["user"].upper()},
        sets=("user", "text"),
    )
    text = {"name": "text", "type": "string"}
    one = reader(tmp_path, (rule,), [USER, text], [text])
    compare(one, [{"user": "ann", "text": f"{number}"} for number in range(40)])


def test_an_enum_may_have_any_name(tmp_path: Path) -> None:
    kinds = [
        {"type": "enum", "name": "Alone", "symbols": symbols, "json-symbols": {"a": "a", "b": "b"}}
        for symbols in (["a", "b"], ["b", "a"])
    ]
    raw, enriched = ([USER, {"name": "kind", "type": kind}] for kind in kinds)
    compare(reader(tmp_path, (), raw, enriched), [{"user": "ann", "kind": "ab"[number % 2]} for number in range(40)])


def test_places_do_not_stay_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "REMEMBERED", 40)
    country = {"name": "country", "type": ["null", "string"], "default": None}
    one = reader(tmp_path, (), [USER], [USER, country], given={"country": "country"})
    _, both = judges(one)
    for batch in range(20):
        users = [f"user-{batch}-{number}" for number in range(20)]
        known = Partition({user: Profile(1, 1, f"country of {user}", "IOS") for user in users})
        raw = [
            RawRecord("t", 0, at, NOON, user.encode(), one.raw.write({"user": user})) for at, user in enumerate(users)
        ]
        both.judge(RawBatch.of_records(raw), Profiles({0: known}).overlay(), {})
    assert len(both._pieces[1]) <= 60


def test_large_values_are_not_remembered(tmp_path: Path) -> None:
    one = reader(tmp_path, (), [USER, {"name": "blob", "type": "bytes"}])
    _, both = judges(one)
    raw = [
        RawRecord("t", 0, at, NOON, b"ann", one.raw.write({"user": "ann", "blob": b"%09d" % at * 1000}))
        for at in range(200)
    ]
    both.judge(RawBatch.of_records(raw), Profiles({0: Partition()}).overlay(), {})
    kept = sum(len(key) for one_memory in both._plans[1].memories for key in one_memory.known[0])
    assert kept < 100_000
