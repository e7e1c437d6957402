"""What the lake needs of an event. In a module of its own: who checks schemas does not load Spark."""

from __future__ import annotations

from schemas.catalog import Catalog
from schemas.consumers import Consumer


def consumer(catalog: Catalog) -> Consumer:
    """The time of every enriched event, which says its day.

    The lake keeps all other fields as they are; one that a newer version no longer has is null from then on.
    """
    topic = catalog.stage_topic("enriched")
    newest = (catalog.newest(topic, event) for event in catalog.topics[topic].events)
    return Consumer("lake", "enriched", {version.short_name: {"time": "timestamp-millis"} for version in newest})
