"""A batch that is judged at once has the outcomes of one that is judged record by record: the same bytes, the same
refusals, the same profiles, the same counts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from avrogate.settings import Settings
from processors.batch import BatchJudge
from processors.judge import Judge
from processors.profiles import Overlay, Partition, Profiles
from processors.raw_batch import RawBatch
from processors.readers import Readers
from processors.records import Enriched, RawRecord
from processors.rules import shipped_rules
from schemas.catalog import load_catalog
from schemas.codec import Codec
from schemas.register import register_all

sys.path.insert(0, str(Path(__file__).parents[3] / "doubles"))  # tests are in no package

from raw_mutations import records
from registry import MemoryRegistry

CATALOG = load_catalog()
BATCH, BATCHES = 5_000, 4  # of each seed: six seeds are 120,000 events
SHARES = (0.0, 0.02, 0.2, 0.5, 0.9, 1.0)


class Sides:
    """Both judges over the same registry, each with profiles of its own."""

    def __init__(self, settings: Settings | None = None) -> None:
        registry, settings = MemoryRegistry(), settings or Settings()
        list(register_all(CATALOG, registry))  # type: ignore[arg-type]
        readers = Readers(CATALOG, registry, shipped_rules())  # type: ignore[arg-type]
        self.judge = Judge(readers, settings)
        self.batch_judge = BatchJudge(self.judge, readers, settings)
        self.one_by_one, self.together = (Profiles({part: Partition() for part in range(4)}) for _ in range(2))
        self.codecs = {
            event: Codec(version, registry.id_of(version))
            for event in CATALOG.topics["events-raw"].events
            for version in [CATALOG.newest("events-raw", event)]
        }

    def compare(self, chunk: list[RawRecord]) -> None:
        """Judge in both ways, and see that nothing differs."""
        alone, together = self.one_by_one.overlay(), self.together.overlay()
        counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
        expected = [self.judge.judge(raw, alone, counts[0]) for raw in chunk]
        batch = RawBatch.of_records(chunk)
        judged = self.batch_judge.judge(batch, together, counts[1])
        for number, outcome in enumerate(expected):
            if isinstance(outcome, Enriched):
                assert (judged.keys[number], judged.values[number]) == (outcome.key, outcome.value), chunk[number]
                assert number not in judged.refused
            else:
                assert judged.refused[number] == outcome, chunk[number]
                assert judged.values[number] is None
        assert judged.enriched == {
            event: count
            for event in self.codecs
            if (count := sum(isinstance(one, Enriched) and one.event == event for one in expected))
        }
        assert counts[0] == counts[1]
        _same_changes(alone, together)
        alone.merge()
        together.merge()


def _same_changes(alone: Overlay, together: Overlay) -> None:
    assert list(alone.changes.items()) == list(together.changes.items())


@pytest.mark.parametrize(("seed", "share"), [*enumerate(SHARES)])
def test_both_say_the_same(seed: int, share: float) -> None:
    sides = Sides()
    made = records(sides.codecs, seed, BATCH * BATCHES, share)
    for first in range(0, len(made), BATCH):
        sides.compare(made[first : first + BATCH])


def test_refusing_unknown_countries_changes_nothing_about_that() -> None:
    sides = Sides(Settings(refuse_unknown_country=True))
    sides.compare(records(sides.codecs, 50, BATCH, 0.5))


@pytest.mark.parametrize("largest", [150, 200, 260, 400])
def test_what_is_too_large_is_refused_by_both(largest: int) -> None:
    sides = Sides()
    sides.batch_judge.largest = largest
    made = records(sides.codecs, largest, BATCH, 0.3)
    sides.compare(made[: BATCH // 2])
    sides.compare(made[BATCH // 2 :])


def test_small_batches_and_empty_ones() -> None:
    sides = Sides()
    made = records(sides.codecs, 60, 2_000, 0.3)
    first = 0
    for size in (0, 1, 2, 15, 16, 17, 40, 100, 300):
        sides.compare(made[first : first + size])
        first += size


def test_usual_events_need_no_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all of this would prove nothing."""
    sides = Sides()
    made = records(sides.codecs, 70, BATCH, 0.0)
    asked: list[RawRecord] = []
    judge = sides.judge.judge
    monkeypatch.setattr(sides.judge, "judge", lambda raw, *rest: asked.append(raw) or judge(raw, *rest))  # type: ignore[func-returns-value]
    judged = sides.batch_judge.judge(RawBatch.of_records(made), sides.together.overlay(), {})
    assert len(asked) < BATCH / 100
    assert judged.enriched.total() == BATCH
