"""What an enriched value is put together from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from processors.batch.memory import FieldCodec


@dataclass(frozen=True)
class Copied:
    """Bytes that stay, from the beginning of one raw part to the end of another."""

    first: str
    last: str


@dataclass(frozen=True)
class Worked:
    """A field of a memory, by its number there."""

    memory: int
    number: int


@dataclass(frozen=True)
class OwnText:
    """A field of text or number that becomes text: the text stays, a number is a memory's to write.

    `number` is the index of the number's branch in the union.
    """

    path: str
    memory: int
    number: int


@dataclass(frozen=True)
class Same:
    """The same bytes in every event."""

    content: bytes


@dataclass(frozen=True)
class FromProfile:
    """Fields that come from the user's profile, one behind the other: attribute and codec of each."""

    sources: tuple[str, ...]
    codecs: tuple[FieldCodec, ...]


Piece = Copied | Worked | OwnText | Same | FromProfile


def merged(pieces: list[tuple[str, Piece]], order: dict[str, int], apart: set[str]) -> Iterator[tuple[str, Piece]]:
    """Pieces that stand behind each other in the raw record too, as one; those of `apart` stay by themselves."""
    path, before = pieces[0]
    for name, piece in pieces[1:]:
        joins = not {path, name} & apart
        if isinstance(before, Copied) and isinstance(piece, Copied) and joins:
            if order[piece.first] == order[before.last] + 1:
                before = Copied(before.first, piece.last)
                continue
        elif isinstance(before, FromProfile) and isinstance(piece, FromProfile):
            before = FromProfile(before.sources + piece.sources, before.codecs + piece.codecs)
            continue
        yield path, before
        path, before = name, piece
    yield path, before
