"""What a contender made of the raw events, in a form in which two of them can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Message

from avrogate.errors import AvrogateError
from avrogate.kafka_reading import headers_of, read_to_end
from avrogate.settings import Settings
from processors.provenance import OFFSET, PARTITION, TOPIC
from schemas.catalog import Catalog
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

# raw partition and offset
Place = tuple[int, int]


@dataclass(frozen=True)
class Outcomes:
    """By source: the enriched events (partition, key, record, Avro) and the dead letters (key, reason, original).

    By user: the newest profile, with its partition.
    """

    enriched: Mapping[Place, Any]
    dead_letters: Mapping[Place, Any]
    profiles: Mapping[str, Any]


def read(settings: Settings, catalog: Catalog) -> Outcomes:
    """What is on the output topics. Raises AvrogateError for a second outcome of a kind, and one of no raw event."""
    registry, raw = Registry(settings), catalog.stage_topic("raw")

    def decoded(topic: str) -> Iterator[tuple[Message, str, Any]]:
        decoder = TopicDecoder(catalog, registry, topic)
        for message in read_to_end(settings, topic):
            found = decoder.read(message.value())
            yield message, found.version.short_name, found.record

    def by_source(topic: str, shown: Callable[[Message, str, Any], Any]) -> dict[Place, Any]:
        outcomes: dict[Place, Any] = {}
        for message, name, record in decoded(topic):
            place = _place(message, raw)
            if place in outcomes:
                raise AvrogateError(f"{topic} has two outcomes of {raw}/{place[0]}/{place[1]}")
            outcomes[place] = shown(message, name, record)
        return outcomes

    letters, profiles = catalog.topic_of("pipeline", "dead-letter"), catalog.topic_of("pipeline", "user-profile")
    return Outcomes(
        by_source(catalog.stage_topic("enriched"), _enriched),
        by_source(letters, lambda message, _, letter: (message.key(), letter["reason"], letter["original"])),
        {record["user_id"]: (message.partition(), message.key(), record) for message, _, record in decoded(profiles)},
    )


def difference(ours: Outcomes, theirs: Outcomes) -> str | None:
    """What differs first, in a sentence; None if nothing does."""
    for kind in ("enriched", "dead_letters", "profiles"):
        mine, other = getattr(ours, kind), getattr(theirs, kind)
        for place in mine.keys() | other.keys():
            if mine.get(place) != other.get(place):
                return f"{kind.replace('_', ' ')} differ at {place}: {other.get(place)} instead of {mine.get(place)}"
    return None


def _enriched(message: Message, name: str, record: Any) -> Any:
    return message.partition(), message.key(), name, (message.value() or b"")[5:]


def _place(message: Message, raw: str) -> Place:
    found: dict[str, Any] = dict(headers_of(message) or ())
    if set(found) != {TOPIC, PARTITION, OFFSET} or found[TOPIC] != raw.encode():
        raise AvrogateError(f"a record of {message.topic()} does not say which event of {raw} it is of: {found}")
    return int(found[PARTITION]), int(found[OFFSET])
