"""Whom an event shows, and where: what the daily users count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.catalog import Catalog
from schemas.consumers import Consumer
from schemas.field_types import type_at
from schemas.versions import SchemaVersion

Activity = Literal["init", "any"]

TYPES = {"user": "string", "country": "string | null", "platform": "string | null"}
# these two are told apart by the name of their event; any other event shows the user who is its key
OPENED, TWO_SIDED = "init", "match"


@dataclass(frozen=True)
class Appearance:
    """A user whom an event shows, with country and platform: dotted paths of its fields, None for unknown."""

    event: str
    user: str
    country: str | None
    platform: str | None

    @property
    def reads(self) -> dict[str, str]:
        """The fields that it reads, with their types."""
        paths = {"user": self.user, "country": self.country, "platform": self.platform}
        return {path: TYPES[part] for part, path in paths.items() if path is not None}


def appearances_of(activity: Activity, catalog: Catalog) -> tuple[Appearance, ...]:
    """Whom the enriched events show: those who opened the game (`init`), or everyone (`any`)."""
    return tuple(one for event, one in _appearances(catalog) if activity == "any" or event == OPENED)


def consumer(catalog: Catalog) -> Consumer:
    """What the daily users read."""
    reads: dict[str, dict[str, str]] = {}
    for _, one in _appearances(catalog):
        reads.setdefault(one.event, {"time": "timestamp-millis"}).update(one.reads)
    return Consumer("daily users", "enriched", reads)


def _appearances(catalog: Catalog) -> Iterator[tuple[str, Appearance]]:
    topic = catalog.stage_topic("enriched")
    for event, entry in catalog.topics[topic].events.items():
        version = catalog.newest(topic, event)
        if event == TWO_SIDED:
            # whose country a match carries is user-a's; nothing is known of user-b's here
            yield event, Appearance("Match", "user_a", "country", "user_a_postmatch_info.platform")
            yield event, Appearance("Match", "user_b", None, "user_b_postmatch_info.platform")
        else:
            yield event, _of_key(version, entry.key, catalog.of(topic, event))


def _of_key(version: SchemaVersion, key: str, versions: tuple[SchemaVersion, ...]) -> Appearance:
    """An event shows the user who is its key, with the country and platform that a version of it ever had."""
    user = version.field_of(key) or key
    ever = {name for one in versions for name in ("country", "platform") if type_at(one.resolved, name)}
    country, platform = (name if name in ever else None for name in ("country", "platform"))
    return Appearance(version.short_name, user, country, platform)
