"""Quality rules compiled for one event: which of them apply, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from processors.records import Refused
from processors.rules import Context, RecordRule, Refusal, Rule, ValueRule
from schemas.contract import Contract

Step = Callable[[dict[str, Any], Context], Refused | None]
# distinct values per rule and field that are remembered; platforms are a handful, user ids are not
REMEMBERED = 10_000


def compile_rules(rules: Iterable[Rule], contract: Contract) -> Step:
    """One function that runs all rules which apply to events of `contract` (the raw one) on a record, in place.

    It returns the first refusal, or None once every rule has run.
    """
    steps = [step for rule in rules for step in _steps(rule, contract)]

    def run(record: dict[str, Any], context: Context) -> Refused | None:
        for step in steps:
            refused = step(record, context)
            if refused is not None:
                return refused
        return None

    return run


def applies(rule: Rule, contract: Contract) -> bool:
    """Whether a rule goes for events of a contract: they have all that it reads, or any of it if it fixes values."""
    there = (contract.has(path.split(".")) for path in rule.reads)
    return any(there) if isinstance(rule, ValueRule) else all(there)


def _steps(rule: Rule, contract: Contract) -> list[Step]:
    if isinstance(rule, ValueRule):
        paths = [path.split(".") for path in rule.reads]
        return [_value_step(rule, path) for path in paths if contract.has(path)]
    paths = [path.split(".") for path in rule.reads]
    return [_record_step(rule, paths, contract)] if applies(rule, contract) else []


def _value_step(rule: ValueRule, path: list[str]) -> Step:
    fix = lru_cache(REMEMBERED, typed=True)(rule.fix)
    *parents, name = path

    def step(record: dict[str, Any], context: Context) -> None:
        holder: dict[str, Any] | None = record
        for parent in parents:
            holder = holder[parent] if holder is not None else None
        if holder is not None and holder[name] is not None:
            holder[name] = fix(holder[name])

    return step


def _record_step(rule: RecordRule, paths: list[list[str]], contract: Contract) -> Step:
    def step(record: dict[str, Any], context: Context) -> Refused | None:
        values = {".".join(path): _get(record, path) for path in paths}
        result = rule.apply(values, context)
        if isinstance(result, Refusal):
            path = contract.json_path(result.field.split(".")) if result.field else None
            message = f"{path}: {result.message}" if path else result.message
            return Refused(rule.name, message, rule=rule.name, field=path)
        for name, value in (result or {}).items():
            if rule.sets is not None and name not in rule.sets:
                raise TypeError(f"rule {rule.name} changes {name}, which is not among what it sets")
            record[name] = value
        return None

    return step


def _get(record: Mapping[str, Any], path: list[str]) -> Any:
    value: Any = record
    for name in path:
        value = value[name] if value is not None else None
    return value
