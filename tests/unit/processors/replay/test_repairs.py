from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from avrogate.errors import ConfigError
from processors.dead_letters import DeadLetter
from processors.replay.corrected import load_corrected
from processors.replay.correction import Correction, load_correction
from processors.replay.filters import Filters
from processors.replay.plan import known_fields
from schemas.catalog import load_catalog

KNOWN = known_fields(load_catalog())


@pytest.mark.parametrize(
    ("step", "given", "becomes"),
    [
        ({"rename": {"a": "b"}}, {"a": 1}, {"b": 1}),
        ({"rename": {"a": "b"}}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"rename": {"a.x": "b"}}, {"a": {"x": 1}}, {"a": {}, "b": 1}),
        ({"set": {"a.x": 1}}, {}, {}),
        ({"set": {"a.x": 1}}, {"a": {}}, {"a": {"x": 1}}),
        ({"drop": ["a.x", "c"]}, {"a": {"x": 1}}, {"a": {}}),
        ({"when": {"p": 3.9}, "drop": ["p"]}, {"p": Decimal("3.90")}, {}),
        ({"when": {"p": 1}, "drop": ["p"]}, {"p": True}, {"p": True}),
        ({"when": {"p": None}, "drop": ["q"]}, {"q": 1}, {"q": 1}),
        ({"event": "init", "drop": ["p"]}, {"event-type": "match", "p": 1}, {"event-type": "match", "p": 1}),
        ({"rename": {"a": "b"}, "set": {"b": 2}}, {"a": 1}, {"b": 2}),
    ],
)
def test_steps(step: Any, given: Any, becomes: Any) -> None:
    before = repr(given)
    assert Correction.model_validate({"steps": [step]}).apply(given) == becomes
    assert repr(given) == before


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("steps: [{sett: {winner: x}}]", "steps.0.sett"),
        ("steps: [{event: init}]", "steps.0"),
        ("steps: [{set: {winer: x}}]", "steps.0.set: no event has a field 'winer'"),
        ("steps: [{event: init, set: {winner: x}}]", "no init has a field 'winner'"),
        ("steps: [{event: inti, drop: [x]}]", "steps.0.event"),
        ("steps: []", "steps"),
        ("steps: [{drop: [a..b]}]", "steps.0.drop.0"),
        ("step: [", "not YAML"),
        ("", "correction.yaml"),
    ],
)
def test_a_slip_of_the_pen(tmp_path: Path, text: str, place: str) -> None:
    file = tmp_path / "correction.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_correction(file, KNOWN)
    assert place in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"partition": 0, "offset": 1, "event": {}}\n' * 2, ":2: 0/1 is in line 1 already"),
        ('\n{"partition": 0, "offset": 1}', ":2: there is no event"),
        ('{"partition": true, "offset": 1, "event": {}}', ":1: partition and offset"),
        ("{", ":1: not JSON"),
        ("", "no event in it"),
    ],
)
def test_a_corrected_file_that_is_wrong(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "corrected.jsonl"
    file.write_text(text)
    with pytest.raises(ConfigError, match=what):
        load_corrected(file)


RECORD = {"reason": "r", "stage": "producer", "rule": None, "topic": "t", "key": b"ann", "time": 5_500}


@pytest.mark.parametrize(
    ("given", "matches"),
    [
        ({"reasons": frozenset({"r", "s"})}, True),
        ({"reasons": frozenset({"s"})}, False),
        ({"stage": "processor"}, False),
        ({"rule": "r"}, False),
        ({"topic": "u"}, False),
        ({"key": "ann"}, True),
        ({"key": "bob"}, False),
        ({"since": 5}, True),
        ({"since": 6}, False),
        ({"until": 6}, True),
        ({"until": 5}, False),
        ({"partition": 1, "offset": 2}, True),
        ({"partition": 1, "offset": 3}, False),
    ],
)
def test_filters(given: Any, matches: bool) -> None:
    assert Filters(**given).match(DeadLetter(1, 2, RECORD)) is matches


def test_filters_that_do_not_agree() -> None:
    for given in ({"offset": 1}, {"since": 2, "until": 2}):
        with pytest.raises(ConfigError):
            Filters(**given)
