"""Whom each event shows, as rows: the basis of the daily users."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import DataFrame

from analytics.activities import Appearance
from analytics.expressions import field_names, qualify, rows_by_event, text
from analytics.writers import TopicSchemas


def appearances(events: DataFrame, schemas: TopicSchemas, shown: Iterable[Appearance]) -> DataFrame:
    """Rows of day, user, country, platform: one for each user that an event shows.

    One more for each event has no day but when it happened and was stored: its freshness goes through the same
    aggregation as the users, so that a report is one read of the topic.
    """
    fresh = _row("NULL", "NULL", "NULL", "NULL", happened="time", stored="timestamp")
    rows = {event: [fresh] for event in schemas.readers}
    for one in shown:
        names = field_names(schemas, one.event, "daily users")
        paths = one.user, one.country or "NULL", one.platform or "NULL"
        user, country, platform = (qualify(each, one.event, names) for each in paths)
        unknown = [f"coalesce({each}, 'Unknown')" for each in (country, platform)]
        rows[one.event].append(_row("to_date(time)", user, *unknown))
    return events.selectExpr(f"inline({rows_by_event(rows)})")


def _row(day: str, user: str, country: str, platform: str, happened: str = "NULL", stored: str = "NULL") -> str:
    columns = {
        "day": f"CAST({day} AS DATE)",
        "user": f"CAST({user} AS STRING)",
        "country": f"CAST({country} AS STRING)",
        "platform": f"CAST({platform} AS STRING)",
        "happened": f"CAST({happened} AS TIMESTAMP)",
        "stored": f"CAST({stored} AS TIMESTAMP)",
    }
    return f"named_struct({', '.join(f'{text(name)}, {value}' for name, value in columns.items())})"
