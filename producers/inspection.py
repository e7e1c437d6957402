"""What an event becomes: a record of its topic, or a dead letter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from avrogate import kafka
from avrogate.errors import InvalidEvent
from avrogate.kafka_limits import limits
from avrogate.settings import Settings
from producers.refusals import DeadLetters, Origin, Refusal, refusal_of
from producers.source import Event
from schemas.catalog import Catalog, shipped_catalog
from schemas.json_events import parse_event
from schemas.registry import Registry
from schemas.routes import Routes

DEAD_LETTER = "dead-letter"
TEXT = (str, bytes)


class Outgoing(NamedTuple):
    """A record that is ready to be sent. `label` is its event, or DEAD_LETTER; `dropped` names left-out fields."""

    topic: str
    key: bytes | None
    value: bytes
    label: str
    refusal: Refusal | None
    dropped: Sequence[str]


class Inspector:
    """Holds each event to the newest version of its contract, and to what its topic takes at the start.

    `limits` are the bytes that each topic takes; `others` names more topics to ask for. `clock` gives Unix seconds.

    Raises SchemaNotRegistered or ConfigError if a schema or a topic is missing, RegistryUnavailable or
    BrokerUnavailable if one of them does not answer within the settings' time-out.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog | None = None,
        *,
        keeps_refused: bool = True,
        others: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        catalog = catalog or shipped_catalog()
        registry = Registry(settings)
        self._routes = Routes(catalog, registry)
        self._dead_letters = DeadLetters(catalog, registry, clock) if keeps_refused else None
        topics = {*others, *(route.topic for route in self._routes)}
        if self._dead_letters is not None:
            topics.add(self._dead_letters.topic)
        for topic in sorted(topics):
            kafka.require_topic(settings, topic)
        self.limits = limits(settings, sorted(topics))
        self._routes.take(self.limits)
        if self._dead_letters is not None:
            self._dead_letters.limit = self.limits[self._dead_letters.topic]

    @property
    def topic(self) -> str:
        """The topic of raw events."""
        return self._routes.topic

    @property
    def events(self) -> Iterator[str]:
        """The events that there are."""
        return (route.event for route in self._routes)

    def inspect(self, event: Event, source: str | None = None, line: int | None = None) -> Outgoing:
        """The record of an event: a JSON object with the clients' names, or its text.

        `source` and `line` are kept with a refused one. Raises InvalidEvent where refused events are not kept.
        """
        parsed: Any = event
        try:
            if isinstance(event, TEXT):
                parsed = parse_event(event)
            route = self._routes.of(parsed)
            dropped: list[str] | None = [] if route.drops_unknown else None
            key, value = route.encode(parsed, dropped)
        except InvalidEvent as error:
            return self._refused(error, event, parsed, source, line)
        return Outgoing(route.topic, key, value, route.event, None, dropped or ())

    def _refused(
        self, error: InvalidEvent, event: Event, parsed: Any, source: str | None, line: int | None
    ) -> Outgoing:
        if self._dead_letters is None:
            raise error
        refusal = refusal_of(error)
        origin = Origin(self._routes.topic, self._routes.guess_key(parsed), source, line)
        letter = self._dead_letters.letter(refusal, event, origin)
        return Outgoing(self._dead_letters.topic, origin.key, letter, DEAD_LETTER, refusal, ())
