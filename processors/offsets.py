"""Where a partition begins that has no committed offset: at its earliest event, and only the very first time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from confluent_kafka import Message

from avrogate.errors import ConfigError
from avrogate.kafka import consumer, offsets
from avrogate.kafka_reading import batches_to_end
from avrogate.settings import Settings
from processors.provenance import source


class FirstOffsets:
    """The first offsets of `topic`'s partitions, as long as none of their events has an outcome in `outputs`.

    Nothing is committed: the first offset is committed with the first batch, by the member that owns the partition.
    Committed from outside of the group it could be by a process that looked long ago, and undo what others did since.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        outputs: Iterable[str],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._outputs = tuple(outputs)
        self._stopping = stopping

    def of(self, partition: int) -> int:
        """The earliest offset of a partition.

        Raises ConfigError if the partition was processed before, for a person to decide: beginning anew would
        process events twice, and jumping to the end would lose some. Raises BrokerUnavailable, and Stopped within
        a second once `stopping` says so.
        """
        probe = consumer(self._settings, "avrogate-probe")
        try:
            begin, end = offsets(self._settings, probe, self._topic, partition)
        finally:
            probe.close()
        if end == 0:  # there never was an event in it, so there is none that was processed
            return begin
        for message in self._outcomes():
            origin = source(message)
            if origin is not None and (origin.topic, origin.partition) == (self._topic, partition):
                raise ConfigError(
                    f"{self._topic}/{partition} has no offset any more, though events of it were processed",
                    hint="decide where it goes on, and set it with kafka-consumer-groups --reset-offsets",
                )
        return begin

    def _outcomes(self) -> Iterator[Message]:
        for output in self._outputs:
            for messages in batches_to_end(self._settings, output, stopping=self._stopping):
                yield from messages
