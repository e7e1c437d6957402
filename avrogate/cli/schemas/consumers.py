"""`avrogate schemas consumers`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from avrogate.cli.options import Folder


def command(
    what: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT[.FIELD]]", help="For example InAppPurchase.purchase_value.")
    ] = None,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print it.")] = "table",
    folder: Folder = None,
) -> None:
    """Say who reads a subject or a field of it; without one, who reads what."""
    from dataclasses import asdict

    from avrogate.cli.console import out, table
    from avrogate.consumers import all_consumers
    from schemas.catalog import SCHEMAS, load_catalog
    from schemas.consumers import readers_of, readings

    catalog = load_catalog(folder or SCHEMAS)
    consumers = all_consumers(catalog)
    found = readers_of(catalog, consumers, what) if what else list(readings(catalog, consumers))
    if form == "json":
        out.print_json(data=[asdict(one) for one in found])
    elif not found:
        out.print(f"nobody reads {what}", highlight=False)
    else:
        for subject in dict.fromkeys(one.subject for one in found):
            rows = dict.fromkeys((one.field, one.consumer, one.type) for one in found if one.subject == subject)
            out.print(table(subject, ["field", "read by", "who copes with"], sorted(rows)))
