"""Bringing the profiles of a partition back from the compacted topic `user-profiles`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing

from avrogate.kafka_reading import batches_to_end
from avrogate.settings import Settings
from processors.profile_log import ProfileLog
from processors.profiles import Partition
from processors.vitals import Restoring, Vitals
from schemas.consumers import Consumer
from schemas.decoder import TopicDecoder

log = logging.getLogger(__name__)

# seconds in which the broker does not even say where a partition ends: then it is away, and the loop tries again
OUTAGE = 15.0
# seconds between two lines that say how far it is
TELL = 3.0

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

    `vitals.restoring` says how far it is while it works.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        decoder: TopicDecoder,
        vitals: Vitals | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._decoder = decoder
        self._vitals = vitals or Vitals()
        self._stopping = stopping
        self._told = 0.0

    def restore(self, partitions: Sequence[int]) -> dict[int, Partition]:
        """The profiles of each partition, all of them or an error.

        Raises BrokerUnavailable after 15 seconds without an answer, or two minutes in which no transaction that is
        open ends; Stopped within a second once `stopping` says so.
        """
        profiles = {partition: Partition() for partition in partitions}
        history = ProfileLog(self._decoder)
        started = self._told = time.monotonic()
        batches = batches_to_end(
            self._settings,
            self._topic,
            partitions,
            outage=OUTAGE,
            stopping=self._stopping,
            heard=self._heard,
        )
        read = 0
        try:
            with closing(batches):
                for messages in batches:
                    history.fold(profiles, messages)
                    read += len(messages)
        finally:
            self._vitals.restoring = None
        seconds = time.monotonic() - started
        log.info("restored %s profiles in %.1f seconds (%s/s)", f"{read:,}", seconds, f"{read / seconds:,.0f}")
        return profiles

    def _heard(self, done: int, total: int) -> None:
        self._vitals.restoring = Restoring(done, total)
        now = time.monotonic()
        if now - self._told > TELL:
            self._told = now
            log.info("restoring profiles: %s of %s", f"{done:,}", f"{total:,}")
