"""Records of the profile topic without a broker: messages, and the decoder of a registry that knows one id."""

from __future__ import annotations

from typing import Any

from schemas.catalog import shipped_catalog
from schemas.codec import Codec
from schemas.decoder import TopicDecoder

CATALOG = shipped_catalog()
TOPIC = CATALOG.topic_of("pipeline", "user-profile")
VERSION = CATALOG.newest(TOPIC, "user-profile")
ID = 7
CODEC = Codec(VERSION, ID)

Row = tuple[str, int, int, str, str]


class Message:
    """As much of a Kafka message as `ProfileLog` looks at."""

    def __init__(self, value: bytes | None, key: str = "", partition: int = 0) -> None:
        self._value, self._key, self._partition = value, key, partition

    def value(self) -> bytes | None:
        """None is a tombstone."""
        return self._value

    def key(self) -> bytes:
        """The user."""
        return self._key.encode()

    def partition(self) -> int:
        """Its number."""
        return self._partition


class _FixedIds:
    def id_of(self, version: Any) -> int:
        return ID + VERSION.number - version.number


class Counted(TopicDecoder):
    """The decoder of the profile topic; `asked` counts the records that it was given."""

    asked = 0

    def __init__(self) -> None:
        super().__init__(CATALOG, _FixedIds(), TOPIC, later=False)  # type: ignore[arg-type]

    def read(self, value: bytes | None) -> Any:
        """What `TopicDecoder` says."""
        self.asked += 1
        return super().read(value)


def written(row: Row) -> bytes:
    """The record in the wire format."""
    return CODEC.write(dict(zip(("user_id", "time", "offset", "country", "platform"), row, strict=True)))
