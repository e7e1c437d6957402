"""Everyone who reads events: the three sides' consumers, for the checks that hold schemas to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.catalog import Catalog
    from schemas.consumers import Consumer


def all_consumers(catalog: Catalog) -> tuple[Consumer, ...]:
    """Who reads the catalog's events, as each declares it next to its code."""
    from analytics.consumers import consumers as of_analytics
    from processors.consumers import consumers as of_processors
    from producers.file_progress import CONSUMER as OF_PRODUCERS

    return (OF_PRODUCERS, *of_processors(catalog), *of_analytics(catalog))
