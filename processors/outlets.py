"""Where the processor reads and writes: the catalog's topics, and the codecs of its own records."""

from __future__ import annotations

from typing import Any

from processors.records import Profile
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.registry import Registry


class Outlets:
    """Topic names and encoders. Raises SchemaNotRegistered if a schema of the pipeline is not registered."""

    def __init__(self, catalog: Catalog, registry: Registry) -> None:
        self.raw = stage_topic(catalog, "raw")
        self.enriched = stage_topic(catalog, "enriched")
        self.dead_letters = catalog.topic_of("pipeline", "dead-letter")
        self.profiles = catalog.topic_of("pipeline", "user-profile")
        self._profile_codec = _codec(catalog, registry, self.profiles, "user-profile")
        self._dead_letter_codec = _codec(catalog, registry, self.dead_letters, "dead-letter")

    def dead_letter(self, record: dict[str, Any]) -> bytes:
        """A DeadLetter in the wire format."""
        return self._dead_letter_codec.write(record)

    def profile(self, user: str, profile: Profile) -> bytes:
        """A UserProfile in the wire format."""
        record = {
            "user_id": user,
            "time": profile.time,
            "offset": profile.offset,
            "country": profile.country,
            "platform": profile.platform,
        }
        return self._profile_codec.write(record)


def stage_topic(catalog: Catalog, stage: str) -> str:
    """Name of the topic that carries a stage."""
    return next(name for name, topic in catalog.topics.items() if topic.stage == stage)


def _codec(catalog: Catalog, registry: Registry, topic: str, event: str) -> Codec:
    version = catalog.newest(topic, event)
    return Codec(version, registry.id_of(version))
