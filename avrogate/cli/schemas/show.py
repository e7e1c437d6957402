"""`avrogate schemas show`."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    subject: Annotated[str, typer.Argument(help="For example events-raw-games.events.raw.Init.")],
    version: Annotated[int | None, typer.Option(help="The newest if not given.")] = None,
) -> None:
    """Print one registered schema."""
    from avrogate.cli.console import fail, out
    from avrogate.settings import load_settings
    from schemas.registry import Registry

    registry = Registry(load_settings())
    versions = registry.versions(subject)
    found = registry.version_text(subject, version or max(versions, default=0)) if versions else None
    if found is None:
        have = f"it has {versions}" if versions else "`avrogate schemas list` shows the subjects"
        fail(f"{subject} has no version {version}" if versions else f"no subject {subject} at {registry.url}", have)
    out.print_json(found.text)
