"""Avro's wire primitives of many records at once, in one buffer.

Source: Apache Avro specification, "Binary Encoding". Numbers are taken in their shortest form only: another form is
valid Avro, and copying it would not give the bytes that an encoder gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

# bytes after the last record: a word is read wherever a number may stand, even past the end
PADDING = 16
_STOP = np.uint64(0x8080_8080_8080_8080)
_ONE = np.uint64(1)
_SEVENS = (
    (np.uint64(0x7F00_7F00_7F00_7F00), np.uint64(0x007F_007F_007F_007F), np.uint64(1)),
    (np.uint64(0x3FFF_0000_3FFF_0000), np.uint64(0x0000_3FFF_0000_3FFF), np.uint64(2)),
    (np.uint64(0x0FFF_FFFF_0000_0000), np.uint64(0x0000_0000_0FFF_FFFF), np.uint64(4)),
)


class Buffer:
    """Values behind each other: `starts` and `ends` say where each stands in `content`."""

    def __init__(self, values: Sequence[bytes]) -> None:
        self.content = b"".join([*values, bytes(PADDING)])
        sizes = np.fromiter(map(len, values), np.int64, len(values))
        self.ends: Longs = np.cumsum(sizes)
        self.starts: Longs = self.ends - sizes
        self.bytes = np.frombuffer(self.content, np.uint8)
        # the eight bytes from each place on; the places overlap
        self._words: Words = np.ndarray((len(self.content) - 7,), np.dtype("<u8"), self.content, strides=(1,))
        self._high = np.zeros(len(self.content) + 1, np.int32)
        np.cumsum(self.bytes >> 7, dtype=np.int32, out=self._high[1:])

    def slices(self, starts: Longs, ends: Longs) -> list[bytes]:
        """The bytes from each start to each end."""
        content = self.content
        return [content[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def ascii(self, starts: Longs, ends: Longs) -> Mask:
        """Whether what stands there is ASCII."""
        mask: Mask = self._high[starts] == self._high[ends]
        return mask

    def longs(self, places: Longs) -> tuple[Longs, Longs, Mask]:
        """The numbers there, the places after them, and which of them are in the shortest form and of 55 bits."""
        words = self._words[places]
        stops = ~words & _STOP
        stop = stops & (~stops + _ONE)  # the lowest one; none if the number goes on for more than eight bytes
        content = words & (stop | (stop - _ONE))
        size = (np.bitwise_count(stop - _ONE).astype(np.int64) >> 3) + 1
        last = content >> ((size - 1).astype(np.uint64) << np.uint64(3)) & np.uint64(0xFF)
        fine = (stop != 0) & ((size == 1) | (last != 0))
        for upper, lower, shift in _SEVENS:
            content = (content & upper) >> shift | (content & lower)
        numbers = (content >> _ONE).view(np.int64) ^ -(content & _ONE).view(np.int64)
        return numbers, places + size, fine

    def lengths(self, places: Longs) -> tuple[Longs, Longs, Mask]:
        """The lengths of texts there, where the texts begin, and which of the lengths are fine."""
        first = self.bytes[places]
        if first.max(initial=0) < 128:  # nearly always
            return (first >> 1).astype(np.int64), places + 1, (first & 1) == 0
        numbers, after, fine = self.longs(places)
        fine &= numbers >= 0
        return np.where(fine, numbers, 0), after, fine
