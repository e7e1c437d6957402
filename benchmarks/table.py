"""The table that `make bench` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.measure import RESOLUTION
from benchmarks.row import Row

COLOURS = {"met": "green", "acceptable": "yellow", "missed": "red"}
BLURRED = "~"


def show(console: Console, rows: Sequence[Row]) -> None:
    """The rows, what is to be known about some of them, and how many are met."""
    table = Table()
    for name in ("measure", "ours", "peer or limit", "ratio", "target (acceptable)", "verdict", "spread"):
        table.add_column(name, justify="right" if name in ("ours", "ratio", "spread") else "left")
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    for row in rows:
        for note in row.figures.notes if not row.trouble else ():
            console.print(Text(f"{row.measure.name}: {note}"))
    if any(row.is_blurred for row in rows):
        console.print(f"{BLURRED} the rounds differ too much: such a row cannot tell {RESOLUTION:.0%} apart")
    for row in rows:
        if row.trouble:
            console.print(Text(f"{row.measure.name}: no figure: {row.trouble}", style="red"))


def _cells(row: Row) -> list[str | Text]:
    ours = f"{row.ours} ({row.measure.ours})" if row.ours else row.measure.ours
    if row.verdict is None:
        return [row.measure.name, ours, row.other, "", row.target, Text("error", style="red"), ""]
    spread = f"{row.figures.spread:.1%}{' ' + BLURRED if row.is_blurred else ''}" if len(row.figures.ours) > 1 else ""
    return [row.measure.name, ours, row.other, row.figure, row.target, _verdict(row.verdict), spread]


def _verdict(verdict: str) -> Text:
    return Text(verdict, style=COLOURS[verdict])
