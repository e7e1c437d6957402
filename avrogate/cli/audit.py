"""`avrogate audit`: does it add up?"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How to print."""

    table = "table"
    json = "json"


def command(form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table) -> None:
    """Check that each processed event has one outcome, and each replayed one was sent once. Exit code 1 if not."""
    from avrogate.cli.console import fail, out, plain
    from avrogate.cli.tables import audited
    from avrogate.settings import load_settings
    from processors.audit import audit
    from processors.run import GROUP
    from schemas.catalog import shipped_catalog

    result = audit(load_settings(), shipped_catalog(), GROUP)
    if form is Format.json:
        plain(json.dumps(result.as_json(), indent=2))
    else:
        for part in audited(result):
            out.print(part)
    if not result.adds_up:
        lost = sum(len(partition.lost) for partition in result.partitions)
        twice = sum(len(partition.twice) for partition in result.partitions)
        again = result.replays
        fail(
            f"the audit does not add up: {lost} events lost, {twice} counted twice; of dead letters sent again "
            f"{len(again.lost)} lost, {len(again.twice)} twice, {len(again.unrecorded)} unrecorded"
        )
