"""The quality processor: reads raw events, writes enriched ones, dead letters and profiles, and its offsets,
all in one Kafka transaction per batch. Kill it anywhere: nothing is lost, nothing is there twice.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import repeat

from confluent_kafka import KafkaError

from avrogate.errors import AvrogateError, BrokerUnavailable, TransientError
from avrogate.kafka_transactions import ANY_PARTITION, BatchAborted, TransactionalProducer
from avrogate.patience import Patience
from processors.batch import BatchJudge, Judged
from processors.dead_letters import dead_letter
from processors.intake import Intake
from processors.outlets import Outlets
from processors.ownership import Ownership
from processors.profiles import Overlay, Profiles
from processors.provenance import attempts, headers, headers_of_all
from processors.raw_batch import RawBatch
from processors.storm import StormGuard
from processors.tally import Tally
from processors.vitals import Committed, Vitals

log = logging.getLogger(__name__)

# a member of a group that has more members than partitions gets nothing to do
NO_SHARE = 30.0
# so often in a row is a batch done again at once: a rebalance takes one or two
ABORTS = 3

Limits = Mapping[str, int]


class QualityProcessor:
    """One member of the consumer group `avrogate-quality`. More of them share the partitions.

    `limits` are the bytes that a record of each output topic may have, and `ask_limits` asks the broker for them.
    `clock` gives seconds since 1970 for the dead letters' time.
    """

    def __init__(
        self,
        judge: BatchJudge,
        outlets: Outlets,
        ownership: Ownership,
        profiles: Profiles,
        producer: TransactionalProducer,
        intake: Intake,
        guard: StormGuard,
        vitals: Vitals,
        limits: Limits,
        ask_limits: Callable[[], Limits],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._judge = judge
        self._outlets = outlets
        self._ownership = ownership
        self._profiles = profiles
        self._producer = producer
        self._intake = intake
        self._guard = guard
        self._vitals = vitals
        self._ask_limits = ask_limits
        self._limits = limits
        self._look_at_limits = False
        self._clock = clock

    def run(
        self, patience: Patience, until_idle: float | None = None, progress: Callable[[Tally], None] | None = None
    ) -> None:
        """Process until somebody asks to stop, or nothing has come for `until_idle` seconds and nothing is left.

        A batch that was begun is finished, unless an outage is in the way. Outages are waited out; any other error
        stops the processor without committing what it was about.
        """
        try:
            self._loop(patience, until_idle, progress)
        finally:
            self._show()

    def _loop(self, patience: Patience, until_idle: float | None, progress: Callable[[Tally], None] | None) -> None:
        idle_since, aborts = time.monotonic(), 0
        while not patience.stop.is_set():
            try:
                self._resize()
                records = self._intake.read()
                self._show()
                if records:
                    self._process(records)
                    aborts = 0
            except BatchAborted as aborted:
                aborts += 1
                self._again(aborted)
                if aborts > ABORTS:  # something that a person has to see
                    patience.hold(BrokerUnavailable(f"{aborts} times in a row: {aborted.message}"))
                idle_since = time.monotonic()
                continue
            except TransientError as outage:
                self._intake.rewind()
                patience.hold(outage)
                idle_since = time.monotonic()
                continue
            if records:
                idle_since = time.monotonic()
                patience.over()
                if progress is not None:
                    progress(self._vitals.tally)
                continue
            if self._ownership.done:
                patience.over()  # what was in trouble may be another member's now
            if not self._ownership.settled:
                idle_since = time.monotonic()
            elif until_idle is not None and self._ownership.done:
                limit = until_idle if self._ownership.positions else max(until_idle, NO_SHARE)
                if time.monotonic() - idle_since > limit:
                    return

    def _process(self, records: RawBatch) -> None:
        started = time.perf_counter()
        overlay = self._profiles.overlay()
        counts: dict[str, int] = {}
        judged = self._judge.judge(records, overlay, counts)
        reasons = Counter(refused.reason for refused in judged.refused.values())
        self._guard.check(len(records), reasons)
        opened = time.perf_counter()
        self._commit(judged, overlay)
        overlay.merge()
        self._intake.committed()
        self._guard.committed(len(records), reasons)
        ended = time.perf_counter()
        self._vitals.tally.add(judged.enriched, judged.refused.values(), counts, ended - started)
        if self._vitals.on_batch is not None:
            self._vitals.on_batch(Committed(len(records), ended - started, ended - opened))

    def _commit(self, judged: Judged, overlay: Overlay) -> None:
        self._producer.begin()
        try:
            self._write(judged, overlay)
            self._producer.send_offsets(self._intake.offsets(), self._intake.membership)
            self._producer.commit()
        except TransientError:  # whether it is committed is the broker's to say
            self._intake.look_up()
            raise
        except AvrogateError:  # it has been aborted, or cannot be
            raise
        except BaseException:
            self._producer.abort()
            raise

    def _write(self, judged: Judged, overlay: Overlay) -> None:
        outlets, raw = self._outlets, judged.raw
        origins = headers_of_all(raw.topic, zip(raw.partitions, raw.offsets, strict=True))
        outcomes = zip(judged.keys, judged.values, origins, repeat(ANY_PARTITION), strict=False)
        self._producer.send_all(outlets.enriched, (one for one in outcomes if one[1] is not None))
        now, room = int(self._clock() * 1000), self._limits[outlets.dead_letters]
        for number, refused in judged.refused.items():
            letter, origin = dead_letter(raw[number], refused, now, attempts(raw[number])), headers(raw[number])
            self._producer.send(outlets.dead_letters, *outlets.dead_letter(letter, room, origin), origin)
        self._write_profiles(overlay, raw.topic)

    def _write_profiles(self, overlay: Overlay, topic: str) -> None:
        write, changes = self._outlets.profile, [*overlay]
        origins = headers_of_all(topic, ((partition, profile.offset) for partition, _, profile in changes))
        self._producer.send_all(
            self._outlets.profiles,
            (
                (user.encode(), write(user, profile), origin, partition)
                for (partition, user, profile), origin in zip(changes, origins, strict=True)
            ),
        )

    def _again(self, aborted: BatchAborted) -> None:
        """Do the batch again, after a look at the topics' limits if they may have become smaller."""
        self._vitals.tally.aborted += 1
        if aborted.uncertain:
            self._intake.look_up()
        else:
            self._intake.rewind()
        self._look_at_limits = aborted.code == KafkaError.MSG_SIZE_TOO_LARGE
        log.warning("%s; doing the batch again", aborted.message)

    def _resize(self) -> None:
        if not self._look_at_limits:
            return
        limits = self._ask_limits()
        if limits == self._limits:
            raise AvrogateError(
                "a record is larger than its topic takes, though not by the limits that the broker tells",
                hint=f"look at max.message.bytes of {', '.join(self._outlets.outputs)}",
            )
        self._producer.resize(limits)
        self._judge.largest = largest(self._outlets, limits)
        self._limits = limits
        self._look_at_limits = False

    def _show(self) -> None:
        self._vitals.profiles = len(self._profiles)
        self._vitals.restarts = self._producer.restarts
        self._vitals.owned = len(self._ownership.positions)
        self._vitals.health.ready = self._ownership.settled and self._intake.joined


def largest(outlets: Outlets, limits: Limits) -> int:
    """Bytes that an enriched event may have: it, or the profile that it sets, must not be too large for its topic."""
    return min(limits[outlets.enriched], limits[outlets.profiles])
