"""The judgement of many raw events at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np

from avrogate.errors import InvalidEvent
from avrogate.kafka_limits import OVERHEAD
from avrogate.settings import Settings
from processors.batch import memory
from processors.batch.buffer import Buffer
from processors.batch.pieces import FromProfile
from processors.batch.plan import Plan, make_plan
from processors.batch.prepared import Prepared
from processors.judge import Judge
from processors.packing import Place
from processors.profiles import Overlay
from processors.raw_batch import RawBatch
from processors.readers import Readers
from processors.records import Profile, RawRecord, Refused
from schemas.wire_format import MAGIC, PREFIX

# bytes that the headers of an enriched record have at most, besides the topic's name
HEADERS = 128
# so few events of a schema id are not worth the walk over them together
FEW = 16


@dataclass
class Judged:
    """The outcomes of a batch, by the number of each record in it: keys and values of those that passed, or why not.

    `enriched` counts those that passed by event.
    """

    raw: RawBatch
    keys: list[bytes | None]
    values: list[bytes | None]
    refused: dict[int, Refused] = field(default_factory=dict)
    enriched: Counter[str] = field(default_factory=Counter)

    @classmethod
    def nothing_yet(cls, raw: RawBatch) -> Judged:
        """No record has an outcome."""
        return cls(raw, [None] * len(raw), [None] * len(raw))


class BatchJudge:
    """Says of every record of a batch what `Judge` says of it, with the same bytes (see `processors.batch`)."""

    def __init__(self, judge: Judge, readers: Readers, settings: Settings) -> None:
        self._judge = judge
        self._settings = settings
        self._plans: dict[int, Plan] = {}
        for schema_id, reader in readers.known.items():
            plan = make_plan(reader, settings)
            if plan is not None:
                self._plans[schema_id] = plan
        self._pieces: dict[int, dict[Place | None, bytes]] = {schema_id: {} for schema_id in self._plans}

    @property
    def largest(self) -> int:
        """Bytes that an enriched event may have (`Judge`)."""
        return self._judge.largest

    @largest.setter
    def largest(self, size: int) -> None:
        self._judge.largest = size

    def judge(self, batch: RawBatch, profiles: Overlay, counts: dict[str, int]) -> Judged:
        """The outcome of each record. `profiles` has no changes yet; raises what `Judge.judge` does."""
        try:
            return self._together(batch, profiles, counts)
        except _Unusual:
            counts.clear()
            profiles.changes.clear()
            return self._apart(batch, profiles, counts)

    def _together(self, batch: RawBatch, profiles: Overlay, counts: dict[str, int]) -> Judged:
        judged = Judged.nothing_yet(batch)
        prepared = list(self._prepare(batch))
        self._in_order(batch, prepared, profiles, counts, judged)
        longest = 0
        for _, one in prepared:
            values = one.values()
            for row, user, value in zip(one.rows, one.users, values, strict=True):
                judged.keys[row], judged.values[row] = user, value
            judged.enriched[one.plan.event] += len(values)
            one.count(counts)
            longest = max(longest, max(map(len, values), default=0) + max(map(len, one.users), default=0))
        if longest + OVERHEAD + HEADERS + len(batch.topic) > self._judge.largest:
            raise _Unusual
        return judged

    def _apart(self, batch: RawBatch, profiles: Overlay, counts: dict[str, int]) -> Judged:
        judged = Judged.nothing_yet(batch)
        self._in_order(batch, [], profiles, counts, judged)
        return judged

    def _prepare(self, batch: RawBatch) -> Iterator[tuple[int, Prepared]]:
        """The events that can go together, by schema id."""
        if len(batch) < FEW:
            return
        buffer = Buffer([value or b"" for value in batch.values])
        sizes = buffer.ends - buffer.starts
        # what is large may become too large, which is the judge's to find
        likely = (sizes > PREFIX.size) & (2 * sizes < self._judge.largest) & (buffer.bytes[buffer.starts] == MAGIC)
        head = buffer.starts[:, None] + np.arange(1, PREFIX.size)
        ids = buffer.bytes[head].astype(np.int64) @ np.array([1 << 24, 1 << 16, 1 << 8, 1])
        for schema_id, plan in self._plans.items():
            rows = np.flatnonzero(likely & (ids == schema_id))
            if len(rows) >= FEW:
                yield schema_id, Prepared(plan, batch, buffer, rows, self._settings)

    def _in_order(
        self,
        batch: RawBatch,
        prepared: list[tuple[int, Prepared]],
        profiles: Overlay,
        counts: dict[str, int],
        judged: Judged,
    ) -> None:
        """What depends on the events before: profiles. Whoever is not in `prepared` is judged in between."""
        turns: list[Callable[[], None] | None] = [_nothing] * len(batch)
        for schema_id, one in prepared:
            turn: Callable[[], None] | None = None
            if one.plan.profiled is not None or one.plan.sets_profile:
                turn = self._profiled(schema_id, one, batch, profiles).__next__
            for row in one.rows:
                turns[row] = turn
        for row, turn in enumerate(turns):
            if turn is _nothing:
                self._one(row, batch[row], profiles, counts, judged)
            elif turn is not None:
                turn()

    def _one(self, row: int, raw: RawRecord, profiles: Overlay, counts: dict[str, int], judged: Judged) -> None:
        outcome = self._judge.judge(raw, profiles, counts)
        if isinstance(outcome, Refused):
            judged.refused[row] = outcome
        else:
            judged.keys[row], judged.values[row] = outcome.key, outcome.value
            judged.enriched[outcome.event] += 1

    def _profiled(self, schema_id: int, one: Prepared, batch: RawBatch, profiles: Overlay) -> Iterator[None]:
        """Goes one event on with each step: gives it its user's place, and takes the place that it sets."""
        plan, pieces, place_of = one.plan, self._pieces[schema_id], profiles.places()
        given: Iterable[Any] = one.profiles() if plan.sets_profile else repeat(None)
        column = one.columns[plan.profiled] if plan.profiled is not None else None
        partitions = [batch.partitions[row] for row in one.rows]
        users = [name.decode() for name in one.users]
        for number, (partition, user, sets) in enumerate(zip(partitions, users, given, strict=False)):
            if column is not None:
                place = place_of(partition, user)
                piece = pieces.get(place)
                if piece is None:
                    if len(pieces) >= memory.REMEMBERED:
                        pieces.clear()
                    piece = pieces[place] = _place_piece(plan, place)
                column[number] = piece
            if sets is not None:
                time, country, platform = sets
                offset = batch.offsets[one.rows[number]]
                profiles.offer(partition, user, Profile(time, offset, country, platform))
            yield


class _Unusual(Exception):
    pass


def _nothing() -> None:
    """Stands for the turn of an event that the judge takes."""


def _place_piece(plan: Plan, place: Place | None) -> bytes:
    """What events get from a place (country and platform), or where their user has none."""
    assert plan.profiled is not None
    piece = plan.pieces[plan.profiled]
    assert isinstance(piece, FromProfile)
    values = dict(zip(("country", "platform"), place or (None, None), strict=True))
    try:
        return b"".join(
            codec.write(values[source]) for source, codec in zip(piece.sources, piece.codecs, strict=True)
        )
    except InvalidEvent as error:
        raise _Unusual from error
