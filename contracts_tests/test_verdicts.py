"""JSON Schema and the encoder judge alike: what the encoder accepts JSON Schema accepts.

The converse holds but for the reasons that the schema's loss report lists, each of which is shown to be one.

Every version in the catalog is judged, the three drafts of one event, and what no event needs yet (`verdicts/`).
Each keyword of each of them is broken, alone, and `jsonschema` says whether it was; beside each such event stands
one with another valid value in the same place, and some that are broken anywhere.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.catalog import load_catalog
from schemas.contract.constraints import ALL
from schemas.derive import STRICTER, derive
from schemas.drafts import CONSTRAINTS, STRUCTURE

HERE = Path(__file__).parent
DRAFTS = HERE.parent / "tests" / "unit" / "schemas" / "three_drafts"
SCHEMAS = {str(version): (version.json_file, version) for version in load_catalog().versions} | {
    f"{file.parent.name}/{file.stem}": (file, None)
    for file in sorted([*DRAFTS.glob("*.json"), *(HERE / "verdicts").glob("*.json")])
}
AIMS = 12  # of one example, so that they share its valid event
ROUNDS = 21  # of each aim, at least
BROKEN = 20  # each keyword, at least; by jsonschema's word

# the loss report says that the encoder alone refuses something here, but beside these JSON Schema refuses it as well
KEPT_OUT = {
    "invalid-text": {"pattern", "format"},
    "too-many-decimals": {"multipleOf", "divisibleBy"},
    "out-of-range": {"minimum", "exclusiveMinimum"},
}

each_schema = pytest.mark.parametrize("name", SCHEMAS)


def aims_at(judged, aimed_events):
    """The aims at a schema's keywords, then those at what the encoder alone refuses."""
    aims = [aim for node in judged.nodes for aim in aimed_events.aims(node, judged.valid)]
    for node, reason in judged.stricter_places():
        aims += aimed_events.stricter_aims(node, reason, judged.valid)
    return aims


@pytest.fixture(scope="session")
def judge_of(judged, doubles):
    """A schema of `SCHEMAS` by its name, before its judges."""

    def of(name):
        file, version = SCHEMAS[name]
        avro = version.resolved if version else derive(file).schema
        return judged.Judged(name, file, avro, doubles("schema_places"), doubles("generated_events"))

    return cache(of)


@each_schema
def test_both_judge_alike(name, judge_of, events_of_each, doubles, tallies):
    judged = judge_of(name)
    aims = aims_at(judged, doubles("aimed_events"))
    chunks = [aims[start : start + AIMS] for start in range(0, len(aims), AIMS)]
    rounds = max(ROUNDS, math.ceil(events_of_each / (len(aims) + len(chunks))))
    for chunk in chunks:
        judge_rounds(judged, chunk, rounds, doubles)
    tally = judged.tally
    tallies.append(tally)
    assert tally.events >= events_of_each
    assert 0.3 <= tally.invalid / tally.events <= 0.8
    assert {path: times for path, times in tally.of_keywords().items() if times < BROKEN} == {}
    assert [aim.path for aim in aims if aim.reason and tally.stricter[aim.at, aim.reason] < BROKEN] == []


def judge_rounds(judged, aims, rounds, doubles):
    aimed_events, scattered = doubles("aimed_events"), doubles("generated_events").scattered

    @settings(
        max_examples=rounds,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def one_round(data):
        event = data.draw(judged.valid[()])
        judged.judge_valid(event)
        for aim in aims:
            judged.judge_aimed(data.draw(aimed_events.aimed(event, aim, judged.valid)), aim)
        for place in sorted(judged.leaves & {aim.at for aim in aims}):
            judged.judge(data.draw(aimed_events.kept(event, place, judged.valid)))
        judged.judge(data.draw(scattered(event)))

    one_round()


def test_no_keyword_of_a_contract_is_left_out(judge_of):
    """A constraint that is added to the encoder needs a schema here that has it."""
    keywords = {keyword for name in SCHEMAS for node in judge_of(name).nodes for keyword in node.exact}
    assert set().union(ALL, *CONSTRAINTS.values(), *STRUCTURE.values()) - keywords == set()


def test_no_reason_of_a_loss_report_is_left_out(judge_of, doubles):
    """Each has an event, but where the place's other keywords keep all such events out."""
    stricter_aims, shown = doubles("aimed_events").stricter_aims, set()
    for name in SCHEMAS:
        judged = judge_of(name)
        for node, reason in judged.stricter_places():
            if list(stricter_aims(node, reason, judged.valid)):
                shown.add(reason)
            else:
                assert node.exact.keys() & KEPT_OUT[reason], f"{name}: {node.steps} is never refused for {reason}"
    assert shown == STRICTER.keys()
