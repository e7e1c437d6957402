"""What the processor and its tools declare to read is what they read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from avrogate.cli.tables import dead_letters as table_of
from avrogate.errors import InvalidEvent
from processors import dead_letters, restore
from processors.audit import Audit, _dead_letters
from processors.consumers import consumers
from processors.dead_letters import DeadLetter
from processors.records import Profile
from processors.replay.filters import Filters
from processors.replay.plan import Planner, Repair
from processors.replay.reading import kinds
from processors.replay.states import States
from processors.rules import ValueRule, shipped_rules
from schemas.catalog import load_catalog
from schemas.consumers import broken

CATALOG = load_catalog()


def test_every_rule_is_a_consumer() -> None:
    names = [one.name for one in consumers(CATALOG)]
    assert len(names) == len(set(names))
    for rule in shipped_rules():
        assert f"quality processor, rule {rule.name}" in names


def test_a_rule_reads_of_the_events_that_have_its_fields() -> None:
    (rule,) = (one for one in consumers(CATALOG) if one.name.endswith("rule winner-played"))
    assert {event: set(paths) for event, paths in rule.reads.items() if paths} == {
        "Match": {"winner", "user_a", "user_b"}
    }


@pytest.mark.parametrize("rule", [rule for rule in shipped_rules() if rule.reads], ids=lambda rule: rule.name)
def test_a_rule_that_does_not_cope_with_a_field_is_a_finding(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in rule.reads:
        wrong = replace(rule, reads={**rule.reads, path: "boolean"})
        monkeypatch.setattr("processors.consumers.shipped_rules", lambda wrong=wrong: (wrong,))
        assert {one.rule for one in broken(CATALOG, consumers(CATALOG))} == {"consumer-field-type"}


def test_values_may_be_null_for_a_rule_of_single_values() -> None:
    for rule in shipped_rules():
        found = next(one for one in consumers(CATALOG) if one.name.endswith(f"rule {rule.name}"))
        kinds = {kind for paths in found.reads.values() for kind in paths.values()}
        assert all("null" in kind for kind in kinds) is isinstance(rule, ValueRule) or not kinds


def test_profiles() -> None:
    assert restore.CONSUMER.reads["UserProfile"].keys() == {"user_id", *Profile._fields}


class Seen(dict[str, Any]):
    """A record that keeps what was asked of it."""

    asked: set[str]

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)


def test_dead_letters() -> None:
    asked: set[str] = set()
    content = {"reason": "r", "message": "m", "topic": "t", "partition": 0, "offset": 0, "rule": None, "key": b"k"}
    content |= {"original": b"{}", "original_size": None, "attempts": 1, "time": 0}
    given = [Seen({**content, "headers": [], "stage": stage}) for stage in ("producer", "processor")]
    for record in given:
        record.asked = asked
    letters = [DeadLetter(0, number, record) for number, record in enumerate(given)]
    list(_dead_letters(letters, "t", Audit("t", [])))
    table_of(kinds((letter, States([]).of(letter)) for letter in letters))
    assert all(Filters(key="k").match(letter) for letter in letters)
    for letter in letters:
        States([]).attempts(letter)
        Planner(None, Nothing(), Repair(), {"t": 1}).decide(letter, States([]))  # type: ignore[arg-type]
    assert asked - {"headers", "original"} == dead_letters.CONSUMER.reads["DeadLetter"].keys() - {"original"}


class Nothing:
    """Reads no event, and knows the topic."""

    topics = frozenset({"t"})

    def event(self, letter: DeadLetter) -> None:
        raise InvalidEvent("m", reason=letter.record["reason"])
