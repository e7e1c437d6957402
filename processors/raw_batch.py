"""What one read of the raw topic gave: columns for who looks at all of it, a record for who looks at one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from avrogate.kafka_reading import headers_of
from processors.records import RawRecord


class RawBatch(Sequence[RawRecord]):
    """Records of one topic, in order within a partition. The lists stand beside each other."""

    def __init__(
        self,
        topic: str,
        partitions: list[int],
        offsets: list[int],
        timestamps: list[int],
        keys: list[bytes | None],
        values: list[bytes | None],
        messages: Sequence[Any],
    ) -> None:
        self.topic = topic
        self.partitions = partitions
        self.offsets = offsets
        self.timestamps = timestamps
        self.keys = keys
        self.values = values
        self._messages = messages
        self._records: dict[int, RawRecord] = {}

    @classmethod
    def of_messages(cls, topic: str, messages: Sequence[Any]) -> RawBatch:
        """The batch of what a consumer gave, none of which is an error."""
        return cls(
            topic,
            [message.partition() for message in messages],
            [message.offset() for message in messages],
            [message.timestamp()[1] for message in messages],
            [message.key() for message in messages],
            [message.value() for message in messages],
            messages,
        )

    @classmethod
    def of_records(cls, records: Sequence[RawRecord]) -> RawBatch:
        """The batch of records that are there."""
        batch = cls(
            records[0].topic if records else "",
            [record.partition for record in records],
            [record.offset for record in records],
            [record.timestamp for record in records],
            [record.key for record in records],
            [record.value for record in records],
            (),
        )
        batch._records = dict(enumerate(records))
        return batch

    @cached_property
    def times(self) -> npt.NDArray[np.int64]:
        """The timestamps as an array."""
        return np.array(self.timestamps, np.int64)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[RawRecord]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: Any) -> Any:
        """One record with its headers, which the client can be asked for once only."""
        found = self._records.get(number)
        if found is None:
            if not 0 <= number < len(self):
                raise IndexError(number)
            found = self._records[number] = RawRecord(
                self.topic,
                self.partitions[number],
                self.offsets[number],
                self.timestamps[number],
                self.keys[number],
                self.values[number],
                headers_of(self._messages[number]),
            )
        return found
