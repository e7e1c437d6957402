"""`avrogate schemas list`."""

from __future__ import annotations


def command() -> None:
    """List the registry's subjects with their versions and compatibility level."""
    from avrogate.cli.console import out, table
    from avrogate.settings import load_settings
    from schemas.registry import Registry

    registry = Registry(load_settings())
    rows = [
        (
            subject,
            ", ".join(map(str, registry.versions(subject))),
            registry.compatibility(subject) or "the registry's",
        )
        for subject in registry.subjects()
    ]
    out.print(table(f"Subjects at {registry.url}", ["subject", "versions", "compatibility"], rows))
