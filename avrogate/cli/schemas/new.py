"""`avrogate schemas new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from avrogate.cli.options import Folder

NEXT = """
{event} can be sent as it is. Make it yours, then register it: what is registered stays.
  1. put the event's fields in the place of `{example}`: in both JSON Schemas, and in the examples
  2. avrogate schemas derive{folder}; avrogate schemas check{folder}
  3. if it needs them: a rule in processors/rules/, with its cases beside it; a KPI in analytics/kpis/
  4. avrogate schemas register{folder}
docs/a-new-event.md goes this way with an example."""


def command(
    event: Annotated[str, typer.Argument(help="Lower-case words with hyphens, for example tournament-entry.")],
    key: Annotated[str, typer.Option(help="The field of the user, which is the record's key.")] = "user-id",
    folder: Folder = None,
) -> None:
    """Write the skeleton of a new event: JSON Schemas, examples, Avro schemas and its catalog entry."""
    import shlex

    from avrogate.cli.console import plain
    from schemas.catalog import SCHEMAS
    from schemas.skeletons import EXAMPLE_FIELD, new_event

    *made, catalog = new_event(folder or SCHEMAS, event, key)
    for file in made:
        plain(f"wrote  {_short(file)}")
    plain(f"edited {_short(catalog)}")
    option = f" --folder {shlex.quote(str(folder))}" if folder else ""
    plain(NEXT.format(event=event, example=EXAMPLE_FIELD, folder=option))


def _short(file: Path) -> Path:
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file
