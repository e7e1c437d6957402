"""Aborted transactions, counted in the broker's own log segments.

A transaction that ends writes a control record to each partition that it wrote to (Kafka documentation, "Record
Batch" and "Control Batches"): its key is a version and a type, both 16 bits, and type 0 says abort.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

# base offset, length, leader epoch, magic, crc, attributes, last delta, two times, producer id, its epoch, …
HEADER = struct.Struct(">qiibIhiqqqhii")
LENGTH_END = 12
CONTROL = 0x20
ABORT = 0

Producer = tuple[int, int]  # its id and epoch


class Aborted(NamedTuple):
    """How many transactions were aborted, and how many of them by another than their producer."""

    transactions: int
    cut_off: int


def aborted(data: Path, topics: Iterable[str]) -> Aborted:
    """Aborted transactions of which one of the topics has a part.

    Before the broker ends a transaction itself (a new producer has taken the transactional id, or its time is up), it
    raises the epoch, so that the old producer is fenced: no record but the marker has that epoch. A producer that
    aborts does it under the epoch of its records.

    Transactions of one producer id and epoch are told apart by their partitions only: it counts the most that one
    partition has, so the number is never too large.
    """
    found: dict[Producer, Counter[Path]] = {}
    wrote: set[Producer] = set()
    for topic in topics:
        for folder in data.glob(f"{topic}-*"):
            if not folder.name.removeprefix(f"{topic}-").isdigit():
                continue
            for file in sorted(folder.glob("*.log")):
                for producer, aborts in _batches(file.read_bytes()):
                    if aborts:
                        found.setdefault(producer, Counter())[folder] += 1
                    else:
                        wrote.add(producer)
    numbers = {producer: max(counts.values()) for producer, counts in found.items()}
    cut_off = {(number, epoch) for number, epoch in numbers if (number, epoch - 1) in wrote} - wrote
    return Aborted(sum(numbers.values()), sum(numbers[producer] for producer in cut_off))


def _batches(segment: bytes) -> Iterator[tuple[Producer, bool]]:
    """Of each batch who wrote it and whether it is an abort marker, without commit markers.

    A batch that is still being written ends it.
    """
    start = 0
    while start + HEADER.size <= len(segment):
        fields = HEADER.unpack_from(segment, start)
        length, attributes, producer, epoch = fields[1], fields[5], fields[9], fields[10]
        end = start + LENGTH_END + length
        if length <= 0 or end > len(segment):
            return
        if not attributes & CONTROL:
            yield (producer, epoch), False
        elif _type(segment[start + HEADER.size : end]) == ABORT:
            yield (producer, epoch), True
        start = end


def _type(record: bytes) -> int:
    """The type of a control record: after length, attributes, the deltas of time and offset, the key's length."""
    position = 0
    for skip in ("varint", "byte", "varint", "varint", "varint"):
        if skip == "byte":
            position += 1
            continue
        while record[position] & 0x80:
            position += 1
        position += 1
    return int(struct.unpack_from(">hh", record, position)[1])
