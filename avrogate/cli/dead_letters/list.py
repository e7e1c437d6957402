"""`avrogate dead-letters list`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from avrogate.cli.audit import Format
from avrogate.cli.dead_letters import options


def command(
    reason: options.Reasons = None,
    stage: options.OfStage = None,
    rule: options.Rule = None,
    topic: options.Topic = None,
    key: options.Key = None,
    since: options.From = None,
    until: options.To = None,
    partition: options.Partition = None,
    offset: options.Offset = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Count the dead letters by reason: open, sent again or parked, and the newest of each."""
    from avrogate.cli.console import out, plain
    from avrogate.cli.tables import dead_letters
    from avrogate.settings import load_settings
    from processors.replay.reading import kinds, letters
    from schemas.catalog import shipped_catalog

    chosen = options.filters(reason, stage, rule, topic, key, since, until, partition, offset)
    found = kinds(letters(load_settings(), shipped_catalog(), chosen))
    if form is Format.json:
        plain(json.dumps([kind.as_json() for kind in found], indent=2, ensure_ascii=False))
    else:
        out.print(*dead_letters(found), sep="\n")
