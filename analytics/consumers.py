"""What the analytics read: each declared next to its code, collected here."""

from __future__ import annotations

from analytics import activities, lake_consumer, results
from analytics.dashboard import letters
from analytics.kpis import Kpi, shipped_kpis
from schemas.catalog import Catalog
from schemas.consumers import Consumer


def consumers(catalog: Catalog) -> tuple[Consumer, ...]:
    """The daily users, each minute KPI, the lake, and those who read the pipeline's own records."""
    own = (results.CONSUMER, letters.CONSUMER)
    return (activities.consumer(catalog), *map(_of_kpi, shipped_kpis()), lake_consumer.consumer(catalog), *own)


def _of_kpi(kpi: Kpi) -> Consumer:
    reads: dict[str, dict[str, str]] = {}
    for part in kpi.parts:
        reads.setdefault(part.event, {"time": "timestamp-millis"}).update(part.reads)
    return Consumer(f"KPI {kpi.name}", "enriched", reads)
