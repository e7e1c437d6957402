"""How the pipeline is: how far its processors are, when something came last, in which versions events travel."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from avrogate.errors import AvrogateError, BrokerUnavailable, Stopped, TransientError, WireFormatError
from avrogate.health import Health
from avrogate.kafka import consumer, offsets, require_topic
from avrogate.kafka_following import LEAVE
from avrogate.kafka_groups import committed_offsets
from avrogate.patience import Patience
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.decoder import full_name
from schemas.registry import Registry
from schemas.trust import require_kept
from schemas.versions import SchemaVersion
from schemas.wire_format import unframe

log = logging.getLogger(__name__)

# seconds between two looks; how many of a partition's newest records are looked at, and for how many seconds at most
EVERY, SAMPLE, LIMIT, LONGEST_WAIT = 2.0, 200, 4.0, 3.0
STAGES = ("raw", "enriched")
Versions = dict[str, Counter[str]]


@dataclass(frozen=True)
class Beat:
    """One look. Lags are offsets between what the group committed and where a partition ends.

    `received` is when the broker got the newest raw event, in milliseconds since 1970. `versions` says, of the
    newest records of each topic, how many are of which event and version.
    """

    lags: dict[int, int] = field(default_factory=dict)
    received: int | None = None
    versions: Versions = field(default_factory=dict)


class Pulse:
    """Looks again and again, from a thread of its own; `beat` is the newest look, `health` what keeps it from one."""

    def __init__(self, settings: Settings, catalog: Catalog, group: str) -> None:
        self.health, self.beat = Health(), Beat()
        self._settings, self._catalog, self._group = settings, catalog, group
        self._stop = Event()
        self._patience = Patience(self._stop, self.health, longest=LONGEST_WAIT)
        self._labels: dict[int, str] = {}
        self._ours: dict[int, SchemaVersion] = {}

    @contextmanager
    def beating(self) -> Iterator[Pulse]:
        """Look while the block runs."""
        thread = Thread(target=self._run, name="pulse", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join(LEAVE)

    def _run(self) -> None:
        with suppress(Stopped):
            while not self._stop.wait(EVERY if self.health.ready else 0):
                try:
                    self.beat = self._look()
                    self.health.ready = True
                    self._patience.over()
                except TransientError as outage:
                    self._patience.hold(outage)
                except AvrogateError as error:  # a topic that is not there yet, say
                    self._patience.hold(BrokerUnavailable(error.message, error.hint))
                except Exception as error:
                    message = f"the pipeline is looked at no more: {error!r}, a defect; the log has it"
                    self.health.trouble("pulse", message, final=True)
                    raise

    def _look(self) -> Beat:
        if not self._ours:
            self._ours = self._known()
            self._labels = {number: _label(version) for number, version in self._ours.items()}
        raw, versions, received, lags = self._catalog.stage_topic(STAGES[0]), Versions(), [], {}
        client = consumer(self._settings, "avrogate-pulse", auto_offset_reset="earliest", enable_partition_eof=True)
        try:
            for stage in STAGES:
                topic = self._catalog.stage_topic(stage)
                parts = range(require_topic(self._settings, topic))
                bounds = {part: offsets(self._settings, client, topic, part) for part in parts}
                newest = list(self._newest(client, topic, bounds))
                versions[topic] = Counter(self._named(newest))
                if topic == raw:
                    lags = self._lags(topic, bounds)
                    received = [message.timestamp()[1] for message in newest]
        finally:
            client.close()
        return Beat(lags, max(received, default=None), versions)

    def _lags(self, topic: str, bounds: dict[int, tuple[int, int]]) -> dict[int, int]:
        done = committed_offsets(self._settings, self._group, topic, len(bounds))
        return {part: max(end - (done[part] or first), 0) for part, (first, end) in bounds.items()}

    def _newest(self, client: Consumer, topic: str, bounds: dict[int, tuple[int, int]]) -> Iterator[Message]:
        """The newest records of each partition, up to where it ends now; markers of transactions take offsets."""
        client.assign([TopicPartition(topic, part, max(low, end - SAMPLE)) for part, (low, end) in bounds.items()])
        open_parts, until = set(bounds), time.monotonic() + LIMIT
        while open_parts and time.monotonic() < until and not self._stop.is_set():
            for message in client.consume(len(bounds) * SAMPLE, 0.1):
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    open_parts.discard(message.partition() or 0)

    def _named(self, messages: Iterable[Message]) -> Iterator[str]:
        """What each record is: its event and version, or why it is none."""
        found: list[int | str] = []
        for message in messages:
            try:
                found.append(unframe(message.value())[0])
            except WireFormatError as error:
                found.append(error.reason)
        self._learn({one for one in found if isinstance(one, int)} - self._labels.keys())
        for one in found:
            yield one if isinstance(one, str) else self._labels.get(one, f"schema id {one}")

    def _learn(self, schema_ids: Iterable[int]) -> None:
        """Ask the registry for ids that this installation does not have, each once."""
        registry = Registry(self._settings)
        try:
            for number in sorted(schema_ids):
                self._labels[number] = self._asked(registry, number)
        except AvrogateError as error:  # an outage is no verdict: the next look asks again
            log.debug("the registry was not heard on a schema id: %s", error.message)

    def _asked(self, registry: Registry, schema_id: int) -> str:
        found = registry.text(schema_id)
        if found is None:
            require_kept(registry, *next(iter(self._ours.items())))  # one that lost its store knows no id at all
            # once more: the first answer may be from before its store came back, the proof from after
            found = registry.text_now(schema_id)
        if found is None:
            return f"unknown schema id {schema_id}"
        record = full_name(found.text)
        events = {one.subject: one.event for one in self._ours.values() if one.record == record}
        for subject, event in events.items():
            # not strict: another version may be registered between the two questions
            number = dict(zip(registry.ids(subject), registry.versions(subject), strict=False)).get(schema_id)
            if number is not None:
                return f"{event} v{number}"
        return f"{record} (schema id {schema_id})"

    def _known(self) -> dict[int, SchemaVersion]:
        registry, known = Registry(self._settings), {}
        for topic in map(self._catalog.stage_topic, STAGES):
            for event in self._catalog.topics[topic].events:
                for version in self._catalog.of(topic, event):
                    known[registry.id_of(version)] = version
        return known


def _label(version: SchemaVersion) -> str:
    return f"{version.event} v{version.number}"
