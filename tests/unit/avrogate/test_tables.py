"""What a person reads on a terminal of 80 columns."""

from __future__ import annotations

import io

from rich.console import Console

from avrogate.cli.tables import dead_letters
from processors.replay.reading import Kind
from processors.replay.states import State

LONGEST = "too-many-decimals"


def kind(stage: str, reason: str, sample: str, number: int) -> Kind:
    states: dict[State, int] = {"open": number, "sent": 0, "parked": 0}
    return Kind(stage, reason, 0, 1_700_000_000_000, sample, states)


def test_dead_letters_are_readable_in_80_columns() -> None:
    kinds = [
        kind("producer", LONGEST, "purchase_value: 3.999 has 3 decimal places, the contract allows 2", 123_456),
        kind("processor", "event-time", "[red]time[/red]: 1999-01-01T00:00:00+00:00 is before the year 2000", 7),
    ]
    out = io.StringIO()
    Console(file=out, width=80).print(*dead_letters(kinds), sep="\n")
    lines = out.getvalue().splitlines()
    assert any(line.split() == f"│ producer │ {LONGEST} │ 123,456 │ 123,456 │ 0 │ 0 │".split() for line in lines)
    assert any(line.startswith(f"│ {LONGEST} │ 2023-11-14 22:13 │ purchase_value: 3.999") for line in lines)
    assert "[red]time[/red]" in out.getvalue()
    assert len(lines) < 20
