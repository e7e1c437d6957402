"""`avrogate schemas diff`."""

from __future__ import annotations

from avrogate.cli.options import Folder


def command(folder: Folder = None) -> None:
    """Show where the registry and the repository differ; exit code 1 if they do."""
    from avrogate.cli.console import fail, out, table
    from avrogate.settings import load_settings
    from schemas.catalog import SCHEMAS, load_catalog
    from schemas.drift import drift
    from schemas.registry import Registry

    registry = Registry(load_settings())
    found = list(drift(load_catalog(folder or SCHEMAS), registry))
    if not found:
        out.print(f"{registry.url} and the repository agree", highlight=False)
        return
    rows = [(one.kind, one.subject, one.message) for one in found]
    out.print(table(f"Registry {registry.url} against the repository", ["what", "subject", "difference"], rows))
    fail(f"{len(found)} differences", "`avrogate schemas register` adds what is missing and sets the levels")
