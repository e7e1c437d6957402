"""Where an event goes, and in which form: one route for each raw event of the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from avrogate.errors import InvalidEvent
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.contract.scalars import describe
from schemas.decoder import newest_codec
from schemas.registry import Registry

STAGE, TYPE_FIELD = "raw", "event-type"
BROKER_LIMIT = 1_048_588  # bytes; Kafka's own max.message.bytes for a topic that says nothing
OVERHEAD = 512  # bytes that a batch of one record has besides key and value, at most


@dataclass(frozen=True)
class Route:
    """One event's way: its topic, the newest version of its schema, and which of its fields is the key."""

    event: str
    topic: str
    key_field: str
    drops_unknown: bool
    limit: int
    codec: Codec

    def encode(self, event: Mapping[str, Any], dropped: list[str] | None) -> tuple[bytes, bytes]:
        """Key and value of the record. Raises InvalidEvent: the contract's, or `too-large`."""
        value = self.codec.encode(event, dropped)
        key = event.get(self.key_field)
        if key is None:
            raise InvalidEvent("is missing, and is the record's key", reason="missing-field", field=self.key_field)
        key_bytes = key.encode() if type(key) is str else str(key).encode()
        size = len(key_bytes) + len(value)
        if size > self.limit:
            raise InvalidEvent(f"{size} bytes, topic {self.topic} takes {self.limit}", reason="too-large")
        return key_bytes, value


class Routes:
    """Every raw event of the catalog by its `event-type`.

    Raises SchemaNotRegistered if the newest version of one of them is not in the registry.
    """

    def __init__(self, catalog: Catalog, registry: Registry) -> None:
        self._routes = {
            event: Route(
                event=event,
                topic=name,
                key_field=entry.key,
                drops_unknown=entry.unknown_fields == "drop",
                limit=limit_of(catalog, name),
                codec=newest_codec(catalog, registry, name, event),
            )
            for name, topic in catalog.topics.items()
            if topic.stage == STAGE
            for event, entry in topic.events.items()
        }
        self._key_fields = dict.fromkeys(route.key_field for route in self)

    def take(self, limits: Mapping[str, int]) -> None:
        """Go by what the topics really take (`avrogate.kafka_limits`) instead of what the catalog asks for."""
        routes = self._routes.items()
        self._routes = {event: replace(route, limit=limits[route.topic] - OVERHEAD) for event, route in routes}

    @property
    def topic(self) -> str:
        """The topic of an event that cannot be told: the catalog's first for raw events."""
        return next(iter(self)).topic

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def of(self, event: Any) -> Route:
        """The route of an event. Raises InvalidEvent if it has no type that the catalog knows."""
        if type(event) is dict and type(kind := event.get(TYPE_FIELD)) is str and kind in self._routes:
            return self._routes[kind]
        if not isinstance(event, Mapping):
            raise InvalidEvent(f"{describe(event)} is not an object", reason="wrong-type")
        kind = event.get(TYPE_FIELD)
        route = self._routes.get(kind) if isinstance(kind, str) else None
        if route is not None:
            return route
        if TYPE_FIELD not in event:
            raise InvalidEvent("is missing", reason="missing-field", field=TYPE_FIELD)
        known = ", ".join(f'"{name}"' for name in self._routes)
        raise InvalidEvent(f"{describe(kind)} is not one of {known}", reason="unknown-event", field=TYPE_FIELD)

    def guess_key(self, event: Any) -> bytes | None:
        """The key that a refused event would have had, as far as that can be seen."""
        if isinstance(event, Mapping):
            for field in self._key_fields:
                if type(event.get(field)) in (str, int):
                    return str(event[field])[:100].encode(errors="backslashreplace")
        return None


def limit_of(catalog: Catalog, topic: str) -> int:
    """How many bytes key and value of a record on this topic may have together."""
    return (catalog.topics[topic].max_message_bytes or BROKER_LIMIT) - OVERHEAD
