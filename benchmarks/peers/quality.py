"""The rules and the profiles as somebody would use them who has no engine: the shipped rules, one after the other.

What favours a peer: it does not hold records to the bounds of their contract (the events of the bench keep them), it
does not look at sizes, and what it knows of the users is a dict that a restart would lose.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from avrogate.settings import load_settings
from processors.rules import Context, Refusal, Rule, ValueRule, shipped_rules

Record = dict[str, Any]
Refused = tuple[str, Refusal]
Step = Callable[[Record, Context], Refused | None]
USERS = {"init": "user_id", "match": "user_a", "in_app_purchase": "user_id"}


class Quality:
    """Judges records that have their Avro names, their time in milliseconds and money as Decimal."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        """`schemas` has the raw Avro schema of each event by the symbol of its type."""
        self._settings = load_settings()
        self._steps = {event: _steps(schema) for event, schema in schemas.items()}
        self._profiles: dict[str, Record] = {}
        self._counts: dict[str, int] = {}

    def refusal(self, record: Record, key: bytes | None, timestamp: int) -> Refused | None:
        """Mend a record in place, or say which rule refuses it."""
        event = record["event_type"]
        field = USERS[event]
        context = Context(self._settings, str(record[field]), field, key, timestamp, self._counts)
        for step in self._steps[event]:
            refused = step(record, context)
            if refused is not None:
                return refused
        return None

    def enrich(self, record: Record, offset: int) -> Record | None:
        """Add what is known of the user; the user's new profile, if the record sets one."""
        event = record["event_type"]
        user = record[USERS[event]]
        known = self._profiles.get(user)
        if event != "init":
            record["country"] = known["country"] if known else None
            if event == "in_app_purchase":
                record["platform"] = known["platform"] if known else None
            return None
        if known and (record["time"], offset) <= (known["time"], known["offset"]):
            return None
        profile = {"user_id": user, "time": record["time"], "offset": offset}
        profile |= {"country": record["country"], "platform": record["platform"]}
        self._profiles[user] = profile
        return profile


def dead_letter(
    refused: Refused, topic: str, partition: int, offset: int, timestamp: int, key: bytes | None, value: bytes | None
) -> Record:
    """The dead letter of a refused record. It names the field as Avro does, which no row looks at."""
    rule, refusal = refused
    return {
        "reason": rule,
        "message": refusal.message,
        "stage": "processor",
        "rule": rule,
        "field": refusal.field,
        "source": None,
        "line": None,
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "timestamp": timestamp,
        "key": key,
        "original": value,
        "original_size": None,
        "headers": [],
        "schema_id": int.from_bytes((value or b"")[1:5], "big"),
        "attempts": 1,
        "time": int(time.time() * 1000),
    }


def _steps(schema: Mapping[str, Any]) -> list[Step]:
    fields = _paths(schema)
    return [step for rule in shipped_rules() for step in _steps_of(rule, fields)]


def _steps_of(rule: Rule, fields: set[str]) -> list[Step]:
    if isinstance(rule, ValueRule):
        return [_fix(rule, *path.split(".")) for path in rule.reads if path in fields]
    if not fields.issuperset(rule.reads):
        return []
    names, apply, name = tuple(rule.reads), rule.apply, rule.name

    def step(record: Record, context: Context) -> Refused | None:
        found = apply({name: record[name] for name in names}, context)
        if found is None:
            return None
        if isinstance(found, Refusal):
            return name, found
        record.update(found)
        return None

    return [step]


def _fix(rule: ValueRule, *path: str) -> Step:
    fix = lru_cache(10_000, typed=True)(rule.fix)
    *outer, name = path

    def step(record: Record, context: Context) -> None:
        holder = record[outer[0]] if outer else record
        if holder is not None:
            holder[name] = fix(holder[name])

    return step


def _paths(schema: Mapping[str, Any]) -> set[str]:
    """The paths of a record's fields, down into the records within it (`user_a_postmatch_info.platform`)."""
    named: dict[str, set[str]] = {}

    def within(kind: Any) -> set[str]:
        if isinstance(kind, list):
            return set().union(*map(within, kind))
        if isinstance(kind, dict) and kind.get("type") == "record":
            inner = {field["name"] for field in kind["fields"]}
            named[kind["name"]] = named[f"{kind.get('namespace', '')}.{kind['name']}"] = inner
            return inner
        return named.get(kind, set()) if isinstance(kind, str) else set()

    paths: set[str] = set()
    for field in schema["fields"]:
        paths |= {field["name"], *(f"{field['name']}.{inner}" for inner in within(field["type"]))}
    return paths
