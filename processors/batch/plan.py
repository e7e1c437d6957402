"""What to do with the events of one schema id: made once, from its two schemas and the rules that go for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from avrogate.settings import Settings
from processors.batch.checks import bounds_of
from processors.batch.memory import FieldCodec, Memory
from processors.batch.pieces import Copied, FromProfile, OwnText, Piece, Same, Worked, merged
from processors.batch.rules import Link, Passing, sort_out
from processors.batch.scan import Bounds, Scalar, Structure
from processors.batch.shape import Inner, Leaf, Shape, Unfit
from processors.engine import applies
from processors.readers import Reader
from processors.rules import ValueRule
from schemas.contract import Contract
from schemas.wire_format import prefix

log = logging.getLogger(__name__)

PLACE = {"country", "platform"}  # what a profile can give and take here
TIME = "time"


@dataclass(frozen=True)
class Plan:
    """How the events of one raw version become enriched ones.

    `pieces` make the value, one behind the other. `memories` have the paths that they read in `Memory.reads`.
    `sets_profile` is, for country and platform, the number of the piece whose text it is, and its codec.
    """

    event: str
    root: Structure
    prefix: bytes
    pieces: tuple[Piece, ...]
    memories: tuple[Memory, ...]
    passing: Passing
    user: Leaf
    user_memory: tuple[int, FieldCodec] | None
    profiled: int | None
    sets_profile: dict[str, tuple[int, FieldCodec]]


def make_plan(reader: Reader, settings: Settings) -> Plan | None:
    """The plan for a raw version; None if its events have to be judged one by one."""
    try:
        return _Planner(reader, settings).plan()
    except Unfit as reason:
        log.info("%s is judged event by event, for %s", reader.raw.version, reason)
        return None


@dataclass
class _Planner:
    reader: Reader
    settings: Settings
    memories: list[Memory] = field(default_factory=list)
    worked: dict[str, Worked] = field(default_factory=dict)
    own_text: dict[str, OwnText] = field(default_factory=dict)
    copied: dict[str, dict[str, Bounds]] = field(default_factory=dict)

    def plan(self) -> Plan:
        reader = self.reader
        self.raw, self.enriched = Shape.of(reader.raw), Shape.of(reader.enriched)
        contract = reader.raw.contract
        links, passing = sort_out(
            [rule for rule in reader.quality if applies(rule, contract)], self.raw, self.enriched
        )
        for link in links:
            self._link(link, contract)
        linked = {path for link in links for path in link.paths}
        for path, leaf in self.raw.leaves.items():
            if path not in linked:
                self._alone(leaf)
        self._require_columns(passing)
        made = list(self._pieces(self.enriched.parts))
        if not made:
            raise Unfit("nothing is in it")
        pieces = tuple(merged(made, self._order(), {*reader.sets_profile}))
        if sum(isinstance(piece, FromProfile) for _, piece in pieces) > 1:
            raise Unfit("fields from the profile that are not side by side")
        return Plan(
            event=reader.raw.version.event,
            root=Structure("", tuple(self._walked(self.raw.parts))),
            prefix=prefix(reader.enriched.schema_id),
            pieces=tuple(piece for _, piece in pieces),
            memories=tuple(self.memories),
            passing=passing,
            user=self._user(),
            user_memory=self._user_memory(pieces),
            profiled=next((number for number, (_, one) in enumerate(pieces) if isinstance(one, FromProfile)), None),
            sets_profile=self._sets_profile(pieces),
        )

    def _link(self, link: Link, contract: Contract) -> None:
        """Fields that rules change: a memory of their own."""
        reads = {path: leaf for path, leaf in self.raw.leaves.items() if path in link.paths}
        writes = {path: leaf for path, leaf in self.enriched.leaves.items() if path in link.paths}
        if not reads or not writes:
            raise Unfit(", ".join(link.paths))
        number = len(self.memories)
        self.memories.append(Memory(_codecs(reads), _codecs(writes), link.steps(contract), self.settings))
        path, leaf = next(iter(reads.items()))
        written = writes.get(path)
        bounds = bounds_of(leaf, written) if written is not None else None
        if (
            len(reads) == 1
            and written is not None
            and bounds is not None
            and leaf.union
            and sorted(leaf.types) == ["long", "string"]
            and written.types == ("string",)
            and not written.union
            and all(isinstance(rule, ValueRule) and rule.fix is str for rule in link.rules)
        ):
            self.own_text[path] = OwnText(path, number, leaf.types.index("long"))
            self.copied[path] = {"string": bounds["string"]}  # numbers are held to theirs by the memory
            return
        self.worked |= {path: Worked(number, place) for place, path in enumerate(writes)}

    def _alone(self, leaf: Leaf) -> None:
        """A field that no rule changes: copied, if its bytes stay and numbers can check it."""
        written = self.enriched.leaves.get(leaf.path)
        bounds = bounds_of(leaf, *([written] if written else []))
        if bounds is not None and (written is None or written.alike == leaf.alike):
            self.copied[leaf.path] = bounds
            return
        if written is None:
            raise Unfit(leaf.path)
        number = len(self.memories)
        self.memories.append(
            Memory(_codecs({leaf.path: leaf}), _codecs({leaf.path: written}), lambda *_: None, self.settings)
        )
        self.worked[leaf.path] = Worked(number, 0)

    def _require_columns(self, passing: Passing) -> None:
        """What rules compare must be plain: a text or a whole number that is always there."""
        for rule in passing:
            for path in rule.reads:
                leaf = self.raw.leaves[path]
                if leaf.union or "." in path or leaf.types[0] not in ("string", "long"):
                    raise Unfit(path)

    def _pieces(self, parts: Sequence[Leaf | Inner]) -> Iterator[tuple[str, Piece]]:
        """The enriched record's pieces in order, each with the path that it is for."""
        for part in parts:
            path = part.path
            if isinstance(part, Inner):
                raw = self._inner(path)
                if raw.null != part.null:
                    raise Unfit(path)
                if part.null is not None:
                    yield path, Copied(path, path)
                yield from self._pieces(part.parts)
            elif path in self.reader.from_profile:
                source = self.reader.from_profile[path]
                if path in self.raw.leaves or path in self.worked or source not in PLACE:
                    raise Unfit(path)
                yield path, FromProfile((source,), (FieldCodec(part.avro, part.value),))
            elif path in self.own_text:
                yield path, self.own_text[path]
            elif path in self.worked:
                yield path, self.worked[path]
            elif path in self.copied:
                yield path, Copied(path, path)
            elif "." in path or path in self.raw.inners or "null" not in part.types:
                raise Unfit(path)
            else:
                yield path, Same(FieldCodec(part.avro, part.value).write(None))

    def _inner(self, path: str) -> Inner:
        found = next((part for part in _inners(self.raw.parts) if part.path == path), None)
        if found is None:
            raise Unfit(path)
        return found

    def _order(self) -> dict[str, int]:
        """The places of the raw record's parts, one behind the other."""
        return {path: place for place, path in enumerate(_flat(self.raw.parts))}

    def _walked(self, parts: Sequence[Leaf | Inner]) -> Iterator[Scalar | Structure]:
        for part in parts:
            if isinstance(part, Inner):
                yield Structure(part.path, tuple(self._walked(part.parts)), part.null)
            else:
                checks = self.copied.get(part.path, {})
                yield Scalar(part.path, part.types, part.union, len(part.symbols), checks)

    def _user(self) -> Leaf:
        leaf = self.raw.leaves.get(self.reader.user_field)
        if leaf is None or not {*leaf.types} <= {"string", "long"}:
            raise Unfit(self.reader.user_field)
        return leaf

    def _user_memory(self, pieces: Sequence[tuple[str, Piece]]) -> tuple[int, FieldCodec] | None:
        """The piece that has the user as the rules left it; None if they leave it as it is."""
        path = self.reader.user_field
        if path in self.copied:
            return None
        return self._piece_of(path, pieces)

    def _sets_profile(self, pieces: Sequence[tuple[str, Piece]]) -> dict[str, tuple[int, FieldCodec]]:
        sets = self.reader.sets_profile
        if not sets:
            return {}
        time = self.raw.leaves.get(TIME)
        if {*sets.values()} != PLACE or time is None or time.types != ("long",) or TIME not in self.copied:
            raise Unfit("the profile that it sets")
        if sets.keys() & self.reader.from_profile.keys():
            raise Unfit("a field from the profile that sets it")
        return {target: self._piece_of(path, pieces) for path, target in sets.items()}

    def _piece_of(self, path: str, pieces: Sequence[tuple[str, Piece]]) -> tuple[int, FieldCodec]:
        leaf = self.enriched.leaves.get(path)
        number = next((number for number, (one, _) in enumerate(pieces) if one == path), None)
        if leaf is None or number is None or isinstance(pieces[number][1], OwnText):
            raise Unfit(path)
        return number, FieldCodec(leaf.avro, leaf.value)


def _inners(parts: Sequence[Leaf | Inner]) -> Iterator[Inner]:
    for part in parts:
        if isinstance(part, Inner):
            yield part
            yield from _inners(part.parts)


def _flat(parts: Sequence[Leaf | Inner]) -> Iterator[str]:
    """Every part that has bytes of its own, in the order in which they stand."""
    for part in parts:
        if isinstance(part, Inner):
            if part.null is not None:
                yield part.path
            yield from _flat(part.parts)
        else:
            yield part.path


def _codecs(leaves: dict[str, Leaf]) -> dict[str, FieldCodec]:
    return {path: FieldCodec(leaf.avro, leaf.value) for path, leaf in leaves.items()}
