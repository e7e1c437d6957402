"""Tables that more than one command prints."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from avrogate.cli.console import table
from schemas.register import Registration
from schemas.topics import TopicState


def registrations(rows: Iterable[Registration]) -> Table:
    """What registration did, subject by subject."""
    columns = ["subject", "version", "id", "outcome"]
    cells = [(row.subject, row.version or "-", row.schema_id or "-", row.outcome) for row in rows]
    return table("Registered schemas", columns, cells, right=["version", "id"])


def topics(rows: Iterable[TopicState]) -> Table:
    """What topic creation did, topic by topic."""
    cells = [(row.name, row.partitions, row.outcome, row.difference) for row in rows]
    return table("Topics", ["topic", "partitions", "outcome", "differs"], cells, right=["partitions"])
