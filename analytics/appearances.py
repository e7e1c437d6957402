"""Whom an event shows: the basis of the daily users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyspark.sql import DataFrame

from analytics.expressions import field_names, qualify, rows_by_event, text
from analytics.writers import TopicSchemas

Activity = Literal["init", "any"]


@dataclass(frozen=True)
class Appearance:
    """Whom an event shows, and where: expressions over its fields. Without a value: `Unknown`."""

    event: str
    user: str
    country: str
    platform: str


OPENED = (Appearance("Init", "user_id", "country", "platform"),)
ANY = (
    *OPENED,
    Appearance("Match", "user_a", "country", "user_a_postmatch_info.platform"),
    # whose country a match carries is user-a's; nothing is known of user-b's here
    Appearance("Match", "user_b", "NULL", "user_b_postmatch_info.platform"),
    Appearance("InAppPurchase", "user_id", "country", "platform"),
)
APPEARANCES: dict[Activity, tuple[Appearance, ...]] = {"init": OPENED, "any": ANY}


def appearances(events: DataFrame, schemas: TopicSchemas, activity: Activity) -> DataFrame:
    """Rows of day, user, country, platform: one for each user that an event shows.

    One more for each event has no day but when it happened and was stored: its freshness goes through the same
    aggregation as the users, so that a report is one read of the topic.
    """
    fresh = _row("NULL", "NULL", "NULL", "NULL", happened="time", stored="timestamp")
    rows = {event: [fresh] for event in schemas.readers}
    for one in APPEARANCES[activity]:
        names = field_names(schemas, one.event, "daily users")
        user, country, platform = (qualify(each, one.event, names) for each in (one.user, one.country, one.platform))
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
