"""From declared KPIs to the one aggregation that computes all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from analytics.decode import REFUSED
from analytics.expressions import declared, field_names, qualify, rows_by_event, text
from analytics.kpis import Contribution, Kpi
from analytics.writers import TopicSchemas

MINUTE = "date_trunc('MINUTE', time) + INTERVAL 1 MINUTE"
DIMENSIONS = "array<struct<name:string,value:string>>"

# two counts that exist to know how many events came late: all that a batch read, and those of them that were
# not behind the watermark. The first one's window lies ahead of every event, so that it is never dropped.
READ, ACCEPTED = "_read", "_accepted"
# and one of the records that are no event, in a window that is never dropped either
BATCH = "CAST(unix_millis(current_timestamp()) AS STRING)"
AHEAD = "date_trunc('MINUTE', current_timestamp()) + INTERVAL 1 DAY"


def contributed(events: DataFrame, kpis: Sequence[Kpi], schemas: TopicSchemas, *, arrivals: bool) -> DataFrame:
    """What decoded events contribute: rows of kpi, window_end, dimensions, count, amount, user.

    With `arrivals`, also the two rows of each event by which late ones are counted (`READ`, `ACCEPTED`). Records
    that `decoded` has set apart give one row of the KPI `REFUSED`.
    Raises ConfigError for a KPI of an event that is not there.
    """
    always = [_row(text(READ), AHEAD, _batch()), _row(text(ACCEPTED), MINUTE, _batch())] if arrivals else []
    rows = {event: list(always) for event in schemas.readers}
    rows[REFUSED] = [_row(text(REFUSED), AHEAD, _batch())]
    for kpi in kpis:
        for part in kpi.parts:
            names = field_names(schemas, part.event, f"KPI {kpi.name}")
            declared(schemas, part.event, part.reads, part.expressions, f"KPI {kpi.name}")
            rows[part.event].extend(_rows(kpi, part, names))
    return events.selectExpr(f"inline({rows_by_event(rows)})").where("kpi IS NOT NULL")


def aggregate(contributions: DataFrame) -> DataFrame:
    """The one aggregation. Its state has the same schema whichever KPIs there are.

    Amounts: decimal(18,2) summed to decimal(28,2), an overflow fails the query. Users: exact.
    """
    return contributions.groupBy("window_end", "kpi", "dimensions").agg(
        f.sum("count").alias("count"),
        f.sum("amount").alias("amount"),
        f.size(f.collect_set("user")).alias("users"),
    )


def _rows(kpi: Kpi, part: Contribution, names: Sequence[str]) -> Iterator[str]:
    def sql(expression: str) -> str:
        return f"({qualify(expression, part.event, names)})"

    name = f"IF({sql(part.where)}, {text(kpi.name)}, NULL)" if part.where else text(kpi.name)
    values = {key: sql(expression) for key, expression in part.dimensions.items()}
    users: list[str | None] = [sql(user) for user in part.users]
    amount = sql(part.amount) if part.amount else None
    yield _row(name, MINUTE, _dimensions(values), user=users[0] if users else None, amount=amount)
    for user in users[1:]:  # the event counts once
        yield _row(name, MINUTE, _dimensions(values), user=user, count=0)


def _row(
    name: str,
    window_end: str,
    dimensions: str,
    *,
    user: str | None = None,
    amount: str | None = None,
    count: int = 1,
) -> str:
    return (
        f"named_struct('kpi', {name}, 'window_end', {window_end}, 'dimensions', {dimensions}, 'count', {count}L,"
        f" 'amount', CAST({amount or 'NULL'} AS DECIMAL(18,2)), 'user', CAST({user or 'NULL'} AS STRING))"
    )


def _dimensions(values: dict[str, str]) -> str:
    pairs = [
        f"named_struct('name', {text(name)}, 'value', coalesce(CAST({values[name]} AS STRING), 'Unknown'))"
        for name in sorted(values)
    ]
    return f"CAST(array({', '.join(pairs)}) AS {DIMENSIONS})"


def _batch() -> str:
    return f"CAST(array(named_struct('name', 'batch', 'value', {BATCH})) AS {DIMENSIONS})"
