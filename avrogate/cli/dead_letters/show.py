"""`avrogate dead-letters show`."""

from __future__ import annotations

from typing import Annotated

import typer

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
    limit: Annotated[int, typer.Option(help="At most this many.", min=1)] = 10,
) -> None:
    """Print dead letters in full, as JSON lines; bytes that are text as text, others as base64.

    `event` is the event, where it can be read: correct it and give the lines to `replay --corrected`.
    """
    from itertools import islice

    from avrogate.cli.console import plain
    from avrogate.settings import load_settings
    from processors.replay.originals import Originals
    from processors.replay.reading import letters, readable
    from schemas.catalog import shipped_catalog
    from schemas.registry import Registry

    chosen = options.filters(reason, stage, rule, topic, key, since, until, partition, offset)
    settings, catalog = load_settings(), shipped_catalog()
    originals = Originals(catalog, Registry(settings))
    for letter, state in islice(letters(settings, catalog, chosen), limit):
        plain(readable(letter, state, originals))
