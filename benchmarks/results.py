"""What a bench leaves behind: a JSON file with every round, and a line of the history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.row import Row

HISTORY = "history.jsonl"


def keep(target: Path, about: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Write `target` anew, and one line more to the history beside it.

    `about` says when, of which commit, where, and how often.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {**about, "rows": [row.plain() for row in rows]}
    target.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    with (target.parent / HISTORY).open("a", encoding="utf-8") as history:
        history.write(json.dumps(line(about, rows), ensure_ascii=False) + "\n")


def line(about: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """A run in one line: the figure of each row, None where there is none."""
    figures = {row.measure.name: None if row.trouble else row.figures.figure for row in rows}
    return {**about, "figures": figures}
