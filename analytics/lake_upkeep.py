"""Keeping the lake in shape: few large files instead of many small ones, and no files that nobody reads any more."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.lake import Lake


@dataclass(frozen=True)
class Compaction:
    """What a compaction did: the table's files before and after, and its bytes after."""

    before: int
    after: int
    size: int


def compact(lake: Lake) -> Compaction:
    """Rewrite small files of a partition as one (Delta's OPTIMIZE). Values and readers are untouched.

    A fill may run meanwhile: it only adds files, which the next compaction takes. Files that are replaced stay on
    disk for those who are reading them, until `vacuum`.
    """
    before, _ = lake.files()
    lake.spark.sql(f"OPTIMIZE {lake.table}").collect()
    after, size = lake.files()
    return Compaction(before, after, size)


def vacuum(lake: Lake) -> None:
    """Delete files that were replaced longer ago than Delta's retention (7 days): no reader may still need them."""
    lake.spark.sql(f"VACUUM {lake.table}").collect()
