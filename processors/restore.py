"""Bringing the profiles of a partition back from the compacted topic `user-profiles`."""

from __future__ import annotations

from collections.abc import Sequence

from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from processors.profiles import Partition
from processors.records import Profile
from schemas.consumers import Consumer
from schemas.decoder import TopicDecoder

CONSUMER = Consumer(
    "quality processor, profiles",
    "pipeline",
    {
        "UserProfile": {
            "user_id": "string",
            "time": "timestamp-millis",
            "offset": "long",
            "country": "string",
            "platform": "string",
        }
    },
)


class Restorer:
    """Reads partitions of the profile topic up to where they ended when asked.

    To be called after the committed offsets of the raw partition were fetched: the markers of one transaction
    reach the offsets and the profiles independently, so the end of the profiles is taken later, including what is
    not committed yet, and read up to there, which waits for open transactions to end one way or the other.
    """

    def __init__(self, settings: Settings, topic: str, decoder: TopicDecoder) -> None:
        self._settings = settings
        self._topic = topic
        self._decoder = decoder

    def restore(self, partitions: Sequence[int]) -> dict[int, Partition]:
        """The profiles of each partition. Raises BrokerUnavailable after two minutes of silence."""
        profiles: dict[int, Partition] = {partition: {} for partition in partitions}
        for message in read_to_end(self._settings, self._topic, partitions):
            value = message.value()
            if value is not None:
                record = self._decoder.read(value).record
                user = record.pop("user_id")
                profiles[message.partition() or 0][user] = Profile(**record)
        return profiles
