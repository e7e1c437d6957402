"""Events of a file in transactions: some lines, and how far the file is, all or nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from operator import attrgetter

from avrogate.errors import AvrogateError, Stopped, TransientError
from avrogate.kafka_transactions import BatchAborted, TransactionalProducer
from avrogate.settings import Settings
from producers.dropped import count_dropped
from producers.file_progress import FileProgress, ProgressTopic
from producers.inspection import DEAD_LETTER, Outgoing
from producers.interrupt import Interruptible
from producers.refusals import Refusal

# a batch ends at so many lines, bytes or seconds, whichever comes first
LINES, BYTES, SECONDS = 10_000, 16_000_000, 1.0
LINGER = 50  # milliseconds; events come one by one, and few large requests cost less than many small ones
# how often in a row a batch is begun again before it is given up
TRIES = 5
PATIENCE = 60.0  # seconds that an outage may last
LABEL = attrgetter("label")
SLICE = 0.2  # seconds; a signal is not waited for longer than this


class Batches:
    """Sends records, and counts them when they are committed. `committed` is how far the file is.

    `known` is what the topic says of the file; it is to be set before anything is sent.

    Making one fences whoever else sends the same file, and raises what `TransactionalProducer` raises. Its calls
    raise BrokerUnavailable for an outage of a minute, Stopped if a signal comes in an outage, and AvrogateError
    when another process has taken the file over.
    """

    def __init__(
        self,
        settings: Settings,
        topic: ProgressTopic,
        transactional_id: str,
        *,
        name: str,
        limits: Mapping[str, int],
        interrupt: Interruptible,
    ) -> None:
        self.sent: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.committed: FileProgress | None = None
        self.known: FileProgress | None = None
        self._topic = topic
        self._interrupt = interrupt
        self._trouble_since: float | None = None
        self._records: list[Outgoing] = []
        self._refusals: list[tuple[int, Refusal]] = []
        self._stripped: list[Outgoing] = []
        self._bytes, self._begun = 0, 0.0
        self._whole = False  # whether the open transaction has every record of the batch
        self._doubtful = False  # whether one was aborted: then the broker is asked before anything is sent again
        self._taken_over = AvrogateError(
            f"another process has taken {name} over, or this one stood still for a minute",
            hint="the same command goes on where it was; let one process at a time do it",
        )
        self._producer = TransactionalProducer(
            settings, transactional_id, limits=limits, wait=self._wait, fenced=self._taken_over, linger=LINGER
        )

    @property
    def numbers(self) -> tuple[int, int]:
        """How many events and refused lines wait for the commit."""
        return len(self._records) - len(self._refusals), len(self._refusals)

    def add(self, record: Outgoing, line: int) -> bool:
        """Send the record of a line in the open transaction; begins one if none is open. Whether there is room."""
        records = self._records
        try:
            if not records:
                self._begun, self._bytes = time.monotonic(), 0
                self._whole = False
                self._producer.begin()
                self._whole = True
            if self._whole:
                self._producer.send(record.topic, record.key, record.value)
        except BatchAborted:
            self._whole, self._doubtful = False, True
        records.append(record)
        self._bytes += len(record.value)
        if record.refusal is not None:
            self._refusals.append((line, record.refusal))
        elif record.dropped:
            self._stripped.append(record)
        return len(records) < LINES and self._bytes < BYTES

    def full(self, pause: float) -> bool:
        """Whether the next record, which comes in `pause` seconds, comes too late for this batch."""
        return bool(self._records) and time.monotonic() + pause - self._begun >= SECONDS

    def commit(self, progress: FileProgress) -> list[tuple[int, Refusal]]:
        """Commit the records since the last commit together with how far the file is then.

        Returns what was refused among them, by line.
        """
        key, value = self._topic.encode(progress)
        for left in reversed(range(TRIES)):
            try:
                if self._doubtful and self._is_there(progress):
                    break
                if not self._whole:
                    self._producer.begin()
                    for record in self._records:
                        self._producer.send(record.topic, record.key, record.value)
                # last, so that nobody who reads the topic has to wait for the rest of an open transaction
                self._producer.send(self._topic.name, key, value)
                self._producer.commit()
                break
            except BatchAborted:
                self._whole, self._doubtful = False, True
                if not left:
                    raise
        return self._count(progress)

    def _is_there(self, progress: FileProgress) -> bool:
        """Whether the broker took the commit all the same: the new producer has ended what was open.

        Raises AvrogateError if another process was there between the old producer and the new one.
        """
        found = self._topic.read().get(progress.digest)
        if found not in (progress, self.known):
            raise self._taken_over
        self._doubtful = False
        return found == progress

    def abort(self) -> None:
        """Leave nothing open behind."""
        self._producer.abort()

    def _count(self, progress: FileProgress) -> list[tuple[int, Refusal]]:
        self.committed = self.known = progress
        self._trouble_since, self._whole, self._doubtful = None, False, False
        self.sent.update(map(LABEL, self._records))
        self.sent.pop(DEAD_LETTER, None)
        for _, refusal in self._refusals:
            self.refused[refusal.reason] += 1
        for record in self._stripped:
            count_dropped(self.dropped, record.label, record.dropped)
        refusals, self._records, self._refusals, self._stripped = self._refusals, [], [], []
        return refusals

    def _wait(self, outage: TransientError) -> None:
        now = time.monotonic()
        self._trouble_since = self._trouble_since or now
        if self._interrupt.signal is not None:
            raise Stopped(f"stopped during an outage: {outage.message}") from outage
        if now - self._trouble_since > PATIENCE:
            raise outage
        time.sleep(SLICE)
