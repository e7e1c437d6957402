"""The rules' own cases, found by walking the folder; a rule without cases or documentation fails here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import processors.rules
from avrogate.settings import Settings
from processors.engine import compile_rules
from processors.records import Refused
from processors.rules import Context, Rule, shipped_rules
from schemas.catalog import load_catalog
from schemas.contract import compile_contract

FOLDER = Path(processors.rules.__file__).parent
MODULES = [info.name for info in pkgutil.iter_modules([str(FOLDER)])]
CATALOG = load_catalog()


@dataclass(frozen=True)
class Case:
    """One entry of a rule's YAML file."""

    module: str
    verdict: str
    content: dict[str, Any]

    def __str__(self) -> str:
        given = ",".join(f"{key}={value}" for key, value in self.content["given"].items())
        return f"{self.module}:{self.verdict}:{self.content['event']}:{given[:60]}"


def cases() -> Iterator[Case]:
    for module in MODULES:
        file = FOLDER / f"{module}.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
        for verdict, entries in content.items():
            yield from (Case(module, verdict, entry) for entry in entries)


def rule_of(module: str) -> Rule:
    rule: Rule = importlib.import_module(f"processors.rules.{module}").rule
    return rule


@pytest.mark.parametrize("module", MODULES)
def test_every_rule_has_cases_and_documentation(module: str) -> None:
    verdicts = {case.verdict for case in cases() if case.module == module}
    text = importlib.import_module(f"processors.rules.{module}").__doc__ or ""
    assert "keeps" in verdicts or module == "country_name"
    assert verdicts & {"fixes", "refuses"}
    assert {"fixes", "refuses", "keeps"} >= verdicts
    for heading in ("Fixes  ", "Refuses  ", "Example  "):
        assert f"\n{heading}" in text, f"{module} lacks {heading.strip()}"


def test_every_case_file_belongs_to_a_rule() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == set(MODULES)


def test_rules_run_in_order_and_have_distinct_names() -> None:
    rules = shipped_rules()
    assert [(rule.order, rule.name) for rule in rules] == sorted((rule.order, rule.name) for rule in rules)
    assert len({rule.name for rule in rules}) == len(rules) == len(MODULES)


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_case(case: Case, event: Callable[..., dict[str, Any]]) -> None:
    kind, entry = case.content["event"], case.content
    contract = compile_contract(CATALOG.newest("events-raw", kind).resolved)
    raw = contract.to_record(event(kind, entry["given"]))
    key_field = CATALOG.event("events-raw", kind).key
    user_field = key_field.replace("-", "_")
    user = str(raw[user_field])
    key = entry.get("key", user)
    context = Context(
        settings=Settings(**entry.get("settings", {})),
        user=user,
        user_field=user_field,
        key=None if key is None else key.encode(),
        timestamp=entry.get("broker-time", raw["time"]),
    )
    if case.verdict == "refuses" and "broker-time" not in entry and case.module == "event_time":
        context.timestamp = 1_767_268_800_000
    record = deepcopy(raw)
    outcome = compile_rules([rule_of(case.module)], contract)(record, context)

    if case.verdict == "refuses":
        assert isinstance(outcome, Refused)
        assert entry["message"] in outcome.message
        assert outcome.reason == outcome.rule == rule_of(case.module).name
        assert record == raw
        return
    assert outcome is None
    expected = {name.replace("-", "_"): _avro(value) for name, value in entry.get("becomes", {}).items()}
    assert record == raw | expected
    assert (record == raw) is (case.verdict == "keeps")
    assert context.counts == ({entry["counts"]: 1} if "counts" in entry else {})


def _avro(value: Any) -> Any:
    return {name.replace("-", "_"): item for name, item in value.items()} if isinstance(value, dict) else value
