"""What the analytics read: each declared next to its code, collected here."""

from __future__ import annotations

from analytics import activities, results
from analytics.dashboard import letters
from analytics.kpis import Kpi, shipped_kpis
from schemas.catalog import Catalog
from schemas.consumers import Consumer


def consumers(catalog: Catalog) -> tuple[Consumer, ...]:
    """The daily users, each minute KPI, and those who read the pipeline's own records."""
    return (activities.consumer(catalog), *map(_of_kpi, shipped_kpis()), results.CONSUMER, letters.CONSUMER)


def _of_kpi(kpi: Kpi) -> Consumer:
    reads: dict[str, dict[str, str]] = {}
    for part in kpi.parts:
        reads.setdefault(part.event, {"time": "timestamp-millis"}).update(part.reads)
    return Consumer(f"KPI {kpi.name}", "enriched", reads)
