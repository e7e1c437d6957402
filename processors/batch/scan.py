"""One walk over many events of one schema: where each scalar stands, and whether it is as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from processors.batch.buffer import Buffer, Longs, Mask


@dataclass(frozen=True)
class Bounds:
    """What a number or a text must be to be copied as it is.

    `least` and `most` are of a number, or of the characters of a text; a number must be a multiple of `factor`, and
    its limits are of what is left when it is divided by that.
    """

    least: int | None = None
    most: int | None = None
    factor: int = 1

    def hold(self, numbers: Longs) -> Mask:
        """Which of the numbers (or sizes of ASCII texts) are within the bounds."""
        fine = np.ones(len(numbers), np.bool_)
        if self.factor != 1:
            fine &= numbers % self.factor == 0
            numbers = numbers // self.factor
        if self.least is not None:
            fine &= numbers >= self.least
        if self.most is not None:
            fine &= numbers <= self.most
        return fine

    def hold_text(self, text: bytes) -> bool:
        """Whether a text is UTF-8, and its number of characters within the bounds."""
        try:
            size = len(text.decode())
        except UnicodeDecodeError:
            return False
        return (self.least is None or size >= self.least) and (self.most is None or size <= self.most)


@dataclass
class Spans:
    """Where one scalar stands in each event: its bytes (with the union's index, if it is in one) and its content.

    Empty where the record that it belongs to is not there. `numbers` are those of a long. `branches` is the index of
    a union's branch.
    """

    starts: Longs
    ends: Longs
    content: Longs
    numbers: Longs | None = None
    branches: Longs | None = None


@dataclass
class Scan:
    """The events that are walked over together, and what has been found: `fine` are those that can go on."""

    buffer: Buffer
    places: Longs
    limits: Longs
    fine: Mask
    spans: dict[str, Spans] = field(default_factory=dict)


@dataclass(frozen=True)
class Scalar:
    """A scalar of the raw record. `types` are the branches of its union, or its one type.

    `checks` says which branches are held to bounds here; others are somebody else's to check.
    """

    path: str
    types: tuple[str, ...]
    union: bool
    symbols: int = 0
    checks: Mapping[str, Bounds] = field(default_factory=dict)

    def walk(self, scan: Scan, rows: Longs) -> None:
        """Step over the scalar in the events `rows`, and note where it stands."""
        spans = self._spans(scan, rows)
        if not self.union:
            self._step(scan, rows, self.types[0], spans)
        else:
            index = scan.buffer.bytes[scan.places[rows]]
            scan.fine[rows] &= (index & 1 == 0) & (index < 2 * len(self.types))
            scan.places[rows] += 1
            spans.branches = np.full(len(scan.places), -1, np.int64)
            spans.branches[rows] = index >> 1
            for number, kind in enumerate(self.types):
                chosen = rows[index == 2 * number]
                if len(chosen):
                    self._step(scan, chosen, kind, spans)
        _keep_inside(scan, rows)
        spans.ends[rows] = scan.places[rows]
        scan.spans[self.path] = spans

    def _spans(self, scan: Scan, rows: Longs) -> Spans:
        starts = scan.places.copy()
        numbers = np.zeros(len(starts), np.int64) if "long" in self.types else None
        return Spans(starts, starts.copy(), starts.copy(), numbers)

    def _step(self, scan: Scan, rows: Longs, kind: str, spans: Spans) -> None:
        places, buffer, bounds = scan.places[rows], scan.buffer, self.checks.get(kind)
        match kind:
            case "null":
                return
            case "long":
                numbers, after, fine = buffer.longs(places)
                if spans.numbers is not None:
                    spans.numbers[rows] = numbers
                if bounds is not None:
                    fine &= bounds.hold(numbers)
            case "string" | "bytes":
                sizes, places, fine = buffer.lengths(places)
                after = np.minimum(places + sizes, scan.limits[rows])
                fine &= places + sizes <= scan.limits[rows]
                spans.content[rows] = places
                if bounds is not None:
                    fine &= _texts_hold(buffer, places, after, sizes, bounds)
            case "enum":
                index = buffer.bytes[places]
                fine, after = (index & 1 == 0) & (index < 2 * self.symbols), places + 1
            case "boolean":
                fine, after = buffer.bytes[places] <= 1, places + 1
            case _:  # double
                fine, after = np.ones(len(rows), np.bool_), places + 8
        scan.fine[rows] &= fine
        scan.places[rows] = after


@dataclass(frozen=True)
class Structure:
    """A record inside the raw record; `null` is the index of null in its union, None if it is always there."""

    path: str
    fields: tuple[Scalar | Structure, ...]
    null: int | None = None

    def walk(self, scan: Scan, rows: Longs) -> None:
        """Step over the record in the events `rows`; where it is null its scalars are empty."""
        if self.null is not None:
            places = scan.places.copy()
            index = scan.buffer.bytes[scan.places[rows]]
            scan.fine[rows] &= (index & 1 == 0) & (index < 4)
            scan.places[rows] += 1
            _keep_inside(scan, rows)
            scan.spans[self.path] = Spans(places, scan.places.copy(), places)
            rows = rows[index == 2 * (1 - self.null)]
        for one in self.fields:
            one.walk(scan, rows)


def scan_events(record: Structure, buffer: Buffer, starts: Longs, ends: Longs) -> Scan:
    """Walk over the bodies that stand from `starts` to `ends`; what has bytes too many is not fine."""
    scan = Scan(buffer, starts.copy(), ends, np.ones(len(starts), np.bool_))
    record.walk(scan, np.arange(len(starts)))
    scan.fine &= scan.places == ends
    return scan


def _keep_inside(scan: Scan, rows: Longs) -> None:
    """Let nothing go on past the end of its own event."""
    inside = np.minimum(scan.places[rows], scan.limits[rows])
    scan.fine[rows] &= inside == scan.places[rows]
    scan.places[rows] = inside


def _texts_hold(buffer: Buffer, starts: Longs, ends: Longs, sizes: Longs, bounds: Bounds) -> Mask:
    plain = buffer.ascii(starts, ends)
    fine = plain & bounds.hold(sizes)
    others = np.flatnonzero(~plain)
    if len(others):
        texts = buffer.slices(starts[others], ends[others])
        answers = {text: bounds.hold_text(text) for text in set(texts)}
        fine[others] = [answers[text] for text in texts]
    return fine
