"""The batch form of an event that has every type it can have, under rules of every form: the same as one by one."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from avrogate.settings import Settings
from processors.batch import BatchJudge
from processors.batch.plan import make_plan
from processors.engine import compile_rules
from processors.judge import Judge
from processors.profiles import Partition, Profiles
from processors.raw_batch import RawBatch
from processors.readers import Reader
from processors.records import Enriched, RawRecord
from processors.rules import Context, RecordRule, Refusal, Rule, Together, ValueRule, shipped_rules
from schemas.codec import Codec
from schemas.versions import SchemaVersion

sys.path.insert(0, str(Path(__file__).parents[3] / "doubles"))  # tests are in no package

from raw_mutations import NUMBERS, TEXTS, spoil

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
KIND = {"type": "enum", "name": "Kind", "symbols": ["a", "b"], "json-symbols": {"a": "a", "b": "b"}}
INNER = {
    "type": "record",
    "name": "Inner",
    "fields": [
        {"name": "level", "type": "long", "contract": {"exclusiveMinimum": 0, "maximum": 100}},
        {"name": "note", "type": ["null", "string"], "default": None, "contract": {"maxLength": 20}},
        {"name": "rank", "type": ["null", "long"], "default": None},
    ],
}
FIELDS: list[dict[str, Any]] = [
    {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}, "json-unit": "seconds"},
    {"name": "user", "type": ["long", "string"], "contract": {"minLength": 1, "maxLength": 50, "minimum": 0}},
    {"name": "code", "type": "string", "contract": {"pattern": "^[a-z]*$"}},
    {"name": "kind", "type": KIND},
    {"name": "maybe_kind", "type": ["null", "games.raw.Kind"], "default": None},
    {"name": "share", "type": "double", "contract": {"minimum": 0, "maximum": 1.5}},
    {"name": "maybe_share", "type": ["null", "double"], "default": None},
    {"name": "paid", "type": DECIMAL, "contract": {"multipleOf": 0.05}},
    {"name": "yes", "type": "boolean"},
    {"name": "blob", "type": "bytes"},
    {"name": "steps", "type": "long", "contract": {"multipleOf": 5}},
    {"name": "first", "type": "string"},
    {"name": "second", "type": ["null", "string"], "default": None},
    {"name": "inner", "type": INNER},
    {"name": "other", "type": ["null", "games.raw.Inner"], "default": None},
    {"name": "last", "type": ["null", "long"], "default": None, "contract": {"minimum": -5}},
]
ADDED: list[dict[str, Any]] = [
    {"name": "both", "type": ["null", "string"], "default": None, "contract": {"maxLength": 60}},
    {"name": "country", "type": ["null", "string"], "default": None, "from-profile": "country"},
    {"name": "unset", "type": ["null", "long"], "default": None},
]


def schema(stage: str, fields: list[dict[str, Any]]) -> str:
    named = [one | {"json-name": one["name"]} for one in fields]
    inner = [one | {"json-name": one["name"]} for one in INNER["fields"]]  # type: ignore[operator,attr-defined]
    text = json.dumps({"type": "record", "name": "All", "namespace": f"games.{stage}", "fields": named})
    return text.replace(json.dumps(INNER["fields"]), json.dumps(inner)).replace("games.raw.", f"games.{stage}.")


def codec(folder: Path, stage: str, schema_id: int, fields: list[dict[str, Any]]) -> Codec:
    version = SchemaVersion(folder, f"events-{stage}", stage, "all", 1)
    version.avro_file.parent.mkdir(parents=True)
    version.avro_file.write_text(schema(stage, fields))
    return Codec(version, schema_id)


def join(values: Mapping[str, Any], context: Context) -> Mapping[str, Any] | Refusal:
    """Refuses, counts, and changes two fields of which one is new."""
    first, second = values["first"], values["second"]
    if first == "ann":
        return Refusal("no ann", "first")
    if second is None:
        context.count("alone")
    return {"first": first.upper(), "both": f"{first}/{second}"}


def big(values: Mapping[str, Any], context: Context) -> Refusal | None:
    return Refusal("too big", "steps") if values["steps"] > 2**53 else None


def small(columns: Mapping[str, Any], together: Together) -> Iterable[bool]:
    passed: Iterable[bool] = np.asarray(columns["steps"]) <= 2**53
    return passed


RULES: tuple[Rule, ...] = (
    RecordRule(name="big", reads={"steps": "long"}, apply=big, order=100, passes=small),
    RecordRule(
        name="join",
        reads={"first": "string", "second": "string | null"},
        apply=join,
        order=200,
        sets=("first", "both"),
    ),
    ValueRule(name="text", reads={"user": "string | long"}, fix=str),
    ValueRule(name="title", reads={"inner.note": "string", "other.note": "string"}, fix=str.title),
    ValueRule(name="lower", reads={"first": "string"}, fix=str.lower),
)


def reader(folder: Path, rules: tuple[Rule, ...] = RULES, more: list[dict[str, Any]] | None = None) -> Reader:
    raw = codec(folder, "raw", 1, FIELDS + (more or []))
    kept = [one | {"type": "string"} if one["name"] == "user" else one for one in FIELDS]
    enriched = codec(folder, "enriched", 2, kept + (more or []) + ADDED)
    return Reader(raw, enriched, rules, compile_rules(rules, raw.contract), "user", {"country": "country"}, {})


def value(chance: random.Random, avro: Any) -> Any:
    """Some value of a type, usual or not."""
    if isinstance(avro, list):
        return value(chance, chance.choice(avro))
    match avro["type"] if isinstance(avro, dict) else avro:
        case "null":
            return None
        case "long":
            return chance.choice((0, 5, 10, 1_767_268_800_000, *NUMBERS))
        case "string":
            return chance.choice(("ann", "bob", "a", "abc", *TEXTS))
        case "double":
            return chance.choice((0.0, 0.5, 1.5, 1.25, -1.0, 1e300, float("nan"), float("inf"), -0.0))
        case "bytes" if isinstance(avro, dict):
            return Decimal(chance.choice((0, 5, 10, -5, 1, 127, 12_750, 32_770, 10**9 - 5, 10**9))).scaleb(-2)
        case "bytes":
            return chance.choice((b"", b"\0", b"x" * 70, bytes(range(256))))
        case "boolean":
            return chance.random() < 0.5
        case "enum" | "games.raw.Kind":
            return chance.choice("ab")
        case _:
            return {one["name"]: value(chance, one["type"]) for one in INNER["fields"]}  # type: ignore[index]


USUAL: dict[str, Callable[[random.Random], Any]] = {
    "time": lambda chance: 1_767_268_800_000 + 1000 * chance.randrange(10_000),
    "user": lambda chance: chance.choice((chance.randrange(1000), f"user-{chance.randrange(1000)}")),
    "code": lambda chance: chance.choice(("abc", "x", "")),
    "share": lambda chance: chance.choice((0.0, 0.25, 1.5)),
    "paid": lambda chance: Decimal(chance.randrange(1000) * 5).scaleb(-2),
    "steps": lambda chance: 5 * chance.randrange(1000),
    "first": lambda chance: f"first-{chance.randrange(50)}",
    "inner": lambda chance: {"level": chance.randrange(1, 101), "note": None, "rank": chance.randrange(3)},
    "other": lambda chance: chance.choice((None, {"level": 1, "note": "some note", "rank": None})),
    "last": lambda chance: chance.choice((None, -5, 7)),
    "maybe_share": lambda chance: chance.choice((None, 0.5)),
}


def made(one: Reader, seed: int, number: int, share: float) -> list[RawRecord]:
    chance = random.Random(seed)
    found = []
    for offset in range(number):
        record = {}
        for field in FIELDS:
            unusual = chance.random() < share / 4 or field["name"] not in USUAL
            record[field["name"]] = value(chance, field["type"]) if unusual else USUAL[field["name"]](chance)
        key: bytes | None = str(record["user"]).encode()
        content: bytes | None = one.raw.write(record)
        if chance.random() < share / 2:
            key, content = spoil(chance, key, content or b"")
        found.append(RawRecord("events-raw", 0, offset, 1_767_268_800_000, key, content))
    return found


def compared(one: Reader, records: list[RawRecord]) -> tuple[int, int]:
    """How many passed, and how many of these were the judge's work."""
    readers: Any = SimpleNamespace(known={1: one}, reader=lambda schema_id: {1: one}.get(schema_id) or unknown())
    judge = Judge(readers, Settings())
    both = BatchJudge(judge, readers, Settings())
    alone, together = (Profiles({0: Partition()}).overlay() for _ in range(2))
    counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
    expected = [judge.judge(raw, alone, counts[0]) for raw in records]
    asked: list[RawRecord] = []
    plain = judge.judge
    judge.judge = lambda raw, *rest: asked.append(raw) or plain(raw, *rest)  # type: ignore[method-assign,func-returns-value]
    judged = both.judge(RawBatch.of_records(records), together, counts[1])
    for number, outcome in enumerate(expected):
        if isinstance(outcome, Enriched):
            assert (judged.keys[number], judged.values[number]) == (outcome.key, outcome.value), outcome.record
        else:
            assert judged.refused[number] == outcome
    assert counts[0] == counts[1]
    passed = {number for number, outcome in enumerate(expected) if isinstance(outcome, Enriched)}
    return len(passed), len([raw for raw in asked if raw.offset in passed])


def unknown() -> Reader:
    from avrogate.errors import WireFormatError

    raise WireFormatError("nobody knows it", reason="unknown-schema", schema_id=0)


@pytest.mark.parametrize(("seed", "share"), [(1, 0.0), (2, 0.05), (3, 0.3), (4, 1.0)])
def test_every_type_and_every_form_of_rule(tmp_path: Path, seed: int, share: float) -> None:
    one = reader(tmp_path)
    passed, slowly = compared(one, made(one, seed, 5_000, share))
    assert passed > (5_000 * (1 - share)) / 40
    if share == 0.0:
        assert slowly == 0


def plain_rule() -> RecordRule:
    return RecordRule(name="plain", reads={"yes": "boolean"}, apply=lambda values, context: None)


def hasty_rule() -> RecordRule:
    """It refuses by what another rule has changed."""
    return RecordRule(
        name="hasty",
        reads={"first": "string"},
        apply=lambda values, context: None,
        order=900,
        passes=lambda columns, together: [True] * len(columns["first"]),
    )


@pytest.mark.parametrize("rule", [plain_rule, hasty_rule])
def test_a_rule_without_a_batch_form_still_works(tmp_path: Path, rule: Callable[[], RecordRule]) -> None:
    one = reader(tmp_path, (*RULES, rule()))
    assert make_plan(one, Settings()) is None
    passed, slowly = compared(one, made(one, 9, 500, 0.1))
    assert passed == slowly > 100


@pytest.mark.parametrize("avro", [{"type": "array", "items": "long"}, {"type": "map", "values": "string"}])
def test_events_with_arrays_or_maps_are_judged_one_by_one(tmp_path: Path, avro: Any) -> None:
    assert make_plan(reader(tmp_path, more=[{"name": "many", "type": avro}]), Settings()) is None


def test_a_rule_may_set_only_what_it_declares(tmp_path: Path) -> None:
    liar = RecordRule(name="liar", reads={"yes": "boolean"}, apply=lambda *_: {"kind": "a"}, sets=("yes",))
    one = reader(tmp_path, (liar,))
    with pytest.raises(TypeError, match="rule liar changes kind"):
        compared(one, made(one, 1, 20, 0.0))


def test_the_shipped_rules_all_have_a_batch_form() -> None:
    assert [
        rule.name
        for rule in shipped_rules()
        if isinstance(rule, RecordRule) and rule.sets is None and rule.passes is None
    ] == []
