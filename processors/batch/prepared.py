"""The events of one plan that nothing is wrong with, up to what their profiles say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any

import numpy as np

from avrogate.settings import Settings
from processors.batch.buffer import Buffer, Longs, Mask
from processors.batch.memory import FieldCodec, Key, Memory
from processors.batch.pieces import Copied, FromProfile, OwnText, Same, Worked
from processors.batch.plan import TIME, Plan
from processors.batch.scan import Spans, scan_events
from processors.raw_batch import RawBatch
from processors.rules import Together
from schemas.wire_format import PREFIX

Column = list[Any]


class Prepared:
    """`rows` are the numbers in the batch of the events that passed, in order; the lists stand beside it.

    `columns` are the pieces of each event's value; what profiles give is left out until they are known.
    """

    def __init__(self, plan: Plan, batch: RawBatch, buffer: Buffer, rows: Longs, settings: Settings) -> None:
        self.plan = plan
        self._scan = scan_events(plan.root, buffer, buffer.starts[rows] + PREFIX.size, buffer.ends[rows])
        self._chosen = np.flatnonzero(self._scan.fine)
        self._users = self._raw_users()
        self._keep(self._passed(batch, rows, settings))
        own = {piece.memory: piece for piece in plan.pieces if isinstance(piece, OwnText)}
        self._keys = [self._memory_keys(memory, own.get(place)) for place, memory in enumerate(plan.memories)]
        self._known = [memory.pieces(keys) for memory, keys in zip(plan.memories, self._keys, strict=True)]
        self.columns = [self._column(piece) for piece in plan.pieces]
        self._leave_out_unknown()
        self.rows: list[int] = rows[self._chosen].tolist()
        self.users = self._final_users()

    def profiles(self) -> Iterable[tuple[int, str, str]]:
        """Time, country and platform that each event sets for its user."""
        times = self._spans(TIME).numbers
        assert times is not None
        texts = {
            name: _texts(self.columns[number], codec) for name, (number, codec) in self.plan.sets_profile.items()
        }
        return zip(times[self._chosen].tolist(), texts["country"], texts["platform"], strict=True)

    def values(self) -> list[bytes]:
        """The enriched values, once every column is there."""
        head = [self.plan.prefix] * len(self.rows)
        return list(map(b"".join, zip(head, *self.columns, strict=True)))

    def count(self, counts: dict[str, int]) -> None:
        """Add what the rules counted."""
        for memory, keys in zip(self.plan.memories, self._keys, strict=True):
            for key in keys if memory.counted else ():
                for name, number in memory.counted.get(key, {}).items():
                    counts[name] = counts.get(name, 0) + number

    def _spans(self, path: str) -> Spans:
        return self._scan.spans[path]

    def _raw_users(self) -> list[bytes]:
        leaf, spans, chosen = self.plan.user, self._spans(self.plan.user.path), self._chosen
        if leaf.types == ("long",):
            return [b"%d" % number for number in self._numbers(spans)]
        users = self._scan.buffer.slices(spans.content[chosen], spans.ends[chosen])
        if spans.branches is not None:
            numbers = self._numbers(spans)
            for number in np.flatnonzero(spans.branches[chosen] == leaf.types.index("long")).tolist():
                users[number] = b"%d" % numbers[number]
        return users

    def _numbers(self, spans: Spans) -> list[int]:
        assert spans.numbers is not None
        numbers: list[int] = spans.numbers[self._chosen].tolist()
        return numbers

    def _passed(self, batch: RawBatch, rows: Longs, settings: Settings) -> Mask:
        """Which events the rules that only refuse have nothing to say about."""
        chosen, passing = self._chosen, self.plan.passing
        columns = {path: self._plain(path) for rule in passing for path in rule.reads}
        here = rows[chosen].tolist()
        keys = [batch.keys[row] for row in here]
        together = Together(settings, self._users, keys, batch.times[rows[chosen]])
        passed = np.ones(len(chosen), np.bool_)
        for rule in passing:
            assert rule.passes is not None
            answer = rule.passes(columns, together)
            if not isinstance(answer, np.ndarray):
                answer = list(answer)
                if all(answer):  # nearly always
                    continue
            passed &= np.asarray(answer, np.bool_)
        return passed

    def _plain(self, path: str) -> Any:
        """A column as rules see it."""
        spans, chosen = self._spans(path), self._chosen
        if spans.numbers is not None:
            return spans.numbers[chosen]
        if path == self.plan.user.path:
            return self._users
        return self._scan.buffer.slices(spans.content[chosen], spans.ends[chosen])

    def _keep(self, mask: Mask) -> None:
        if not mask.all():
            self._chosen = self._chosen[mask]
            self._users = list(compress(self._users, mask.tolist()))

    def _memory_keys(self, memory: Memory, own: OwnText | None) -> Sequence[Key]:
        """The raw bytes by which a memory knows each event; none where a text stays."""
        if own is not None:
            keys = [b""] * len(self._chosen)
            numbers, spans, content = self._numbers_of(own), self._spans(own.path), self._scan.buffer.content
            for place, row in zip(numbers, self._chosen[numbers].tolist(), strict=True):
                keys[place] = content[spans.starts[row] : spans.ends[row]]
            return keys
        each = [self._slices(path) for path in memory.reads]
        if len(each) > 1:
            return list(zip(*each, strict=True))
        return each[0]

    def _slices(self, path: str, last: str | None = None) -> list[bytes]:
        starts, ends = self._spans(path).starts, self._spans(last or path).ends
        return self._scan.buffer.slices(starts[self._chosen], ends[self._chosen])

    def _column(self, piece: object) -> Column:
        match piece:
            case Copied(first, last):
                return self._slices(first, last)
            case Worked(memory, number):
                worked: Column = self._known[memory][number]
                return worked
            case OwnText():
                return self._own_texts(piece)
            case Same(content):
                return [content] * len(self._chosen)
            case FromProfile():
                return [b""] * len(self._chosen)
        raise TypeError(piece)

    def _own_texts(self, piece: OwnText) -> Column:
        """A text as it stands, without its union's index; for a number what the memory says."""
        spans, chosen, known = self._spans(piece.path), self._chosen, self._known[piece.memory][0]
        texts: Column = self._scan.buffer.slices(spans.starts[chosen] + 1, spans.ends[chosen])
        for place in self._numbers_of(piece):
            texts[place] = known[place]
        return texts

    def _numbers_of(self, piece: OwnText) -> list[int]:
        """The places of the events in which it is a number."""
        branches = self._spans(piece.path).branches
        assert branches is not None
        places: list[int] = np.flatnonzero(branches[self._chosen] == piece.number).tolist()
        return places

    def _leave_out_unknown(self) -> None:
        """Drop the events that some memory would not say anything about."""
        pieces = zip(self.plan.pieces, self.columns, strict=True)
        if not any(None in column for piece, column in pieces if isinstance(piece, Worked | OwnText)):
            return
        good = [None not in pieces for pieces in zip(*self.columns, strict=True)]
        self._chosen = self._chosen[np.array(good, np.bool_)]
        self.columns = [list(compress(column, good)) for column in self.columns]
        self._users = list(compress(self._users, good))
        self._keys = [list(compress(keys, good)) for keys in self._keys]

    def _final_users(self) -> list[bytes]:
        found = self.plan.user_memory
        if found is None:
            return self._users
        number, codec = found
        return [str(text).encode() for text in _texts(self.columns[number], codec)]


def _texts(pieces: Sequence[bytes], codec: FieldCodec) -> list[str]:
    known = {piece: codec.read(piece) for piece in set(pieces)}
    return [known[piece] for piece in pieces]
