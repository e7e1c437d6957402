"""Where the processor reads and writes: the catalog's topics, and the codecs of its own records."""

from __future__ import annotations

from typing import Any

from avrogate.kafka_limits import Headers
from processors.fitting import fitted
from processors.records import Profile
from schemas.catalog import Catalog
from schemas.decoder import newest_codec
from schemas.registry import Registry


class Outlets:
    """Topic names and encoders. Raises SchemaNotRegistered if a schema of the pipeline is not registered."""

    def __init__(self, catalog: Catalog, registry: Registry) -> None:
        self.raw = catalog.stage_topic("raw")
        self.enriched = catalog.stage_topic("enriched")
        self.dead_letters = catalog.topic_of("pipeline", "dead-letter")
        self.profiles = catalog.topic_of("pipeline", "user-profile")
        self._profile_codec = newest_codec(catalog, registry, self.profiles, "user-profile")
        self._dead_letter_codec = newest_codec(catalog, registry, self.dead_letters, "dead-letter")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The topics that are written."""
        return self.enriched, self.dead_letters, self.profiles

    def dead_letter(self, record: dict[str, Any], limit: int, headers: Headers) -> tuple[bytes | None, bytes]:
        """Key and value (in the wire format) of a DeadLetter that is cut to what its topic takes."""
        return fitted(record, self._dead_letter_codec.write, limit, headers)

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
