"""What became of dead letters that were sent again: the records of the topic `dead-letter-replays`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from processors.dead_letters import DeadLetter
from schemas.catalog import Catalog
from schemas.consumers import Consumer
from schemas.decoder import TopicDecoder, newest_codec
from schemas.registry import Registry

STAGE, EVENT = "pipeline", "dead-letter-replay"
SENT: Literal["sent"] = "sent"
REFUSED: Literal["refused"] = "refused"
PARKED: Literal["parked"] = "parked"
CONSUMER = Consumer(
    "dead-letter replay",
    STAGE,
    {
        "DeadLetterReplay": {
            "dead_letter": "string",
            "refused_at": "timestamp-millis",
            "outcome": "enum",
            "attempts": "long",
            "time": "timestamp-millis",
        }
    },
)


@dataclass(frozen=True)
class Replay:
    """What became of a dead letter, in milliseconds since 1970 where it is about time."""

    dead_letter: str
    refused_at: int
    outcome: str
    attempts: int
    time: int

    def is_of(self, letter: DeadLetter) -> bool:
        """Whether it is about this letter, and not one at the same place of a topic that was made anew."""
        return self.dead_letter == letter.name and self.refused_at == letter.record["time"]


class Replays:
    """Reads and encodes them. Raises SchemaNotRegistered if their schema is not registered."""

    def __init__(self, settings: Settings, catalog: Catalog, registry: Registry) -> None:
        self.topic = catalog.topic_of(STAGE, EVENT)
        self._settings = settings
        self._decoder = TopicDecoder(catalog, registry, self.topic)
        self._codec = newest_codec(catalog, registry, self.topic, EVENT)

    def read(self) -> Iterator[Replay]:
        """All that are there, oldest first; of one letter the last one counts.

        Waits for a transaction that is open. Raises ConfigError if the topic is missing, BrokerUnavailable.
        """
        for message in read_to_end(self._settings, self.topic):
            value = message.value()
            if value is not None:
                record = self._decoder.read(value).record
                yield Replay(
                    record["dead_letter"],
                    record["refused_at"],
                    record["outcome"],
                    record["attempts"],
                    record["time"],
                )

    def encode(self, replay: Replay, message: str | None, correction: str | None) -> tuple[bytes, bytes]:
        """Key and value of a record; `correction` is the digest of the file that corrected the event."""
        record = {
            "dead_letter": replay.dead_letter,
            "refused_at": replay.refused_at,
            "outcome": replay.outcome,
            "attempts": replay.attempts,
            "message": message,
            "correction": correction,
            "time": replay.time,
        }
        return replay.dead_letter.encode(), self._codec.write(record)
