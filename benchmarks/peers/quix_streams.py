"""The same job on Quix Streams, exactly once, in checkpoints of as many records.

What favours it: fastavro itself instead of Quix's own serializers (these know one schema a topic), timestamps as
plain integers, no contract, and the profiles in a dict instead of its state store, which would write every change
to RocksDB and to a topic of its own besides.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import fastavro
from quixstreams import Application, message_context
from quixstreams.models import Serializer

from benchmarks.peers.job import BATCH, CONSUMER, PRODUCER, Job
from benchmarks.peers.meter import Meter
from benchmarks.peers.quality import Quality, Record, dead_letter

RECORDS = {"init": "Init", "match": "Match", "in_app_purchase": "InAppPurchase"}
PREFIX = 5
# Quix sets these itself, by what it promises
OWN = {"enable.auto.commit", "auto.offset.reset", "transactional.id", "enable.idempotence"}

Output = tuple[str, bytes]


class Framed(Serializer):  # type: ignore[misc]  # not typed where Quix is not installed
    """Bytes that are ready: the second part of an output."""

    def __call__(self, value: Output, ctx: Any) -> bytes:
        """The bytes."""
        return value[1]


class Writer:
    """Writes records of one schema in the wire format."""

    def __init__(self, schema_id: int, schema: dict[str, Any]) -> None:
        self._prefix = b"\0" + schema_id.to_bytes(4, "big")
        self._schema = fastavro.parse_schema(plain(schema))

    def __call__(self, record: Record) -> bytes:
        """The bytes of a record."""
        out = io.BytesIO()
        out.write(self._prefix)
        fastavro.schemaless_writer(out, self._schema, record)
        return out.getvalue()


class Judge:
    """What becomes of a record: outputs, each with its topic."""

    def __init__(self, job: Job) -> None:
        raw = job.newest(job.raw)
        self._job = job
        self._readers = {one["id"]: fastavro.parse_schema(plain(one["avro"])) for one in job.schemas[job.raw]}
        self._quality = Quality({event: raw[record][1] for event, record in RECORDS.items()})
        enriched = job.newest(job.enriched)
        self._write_event = {event: Writer(*enriched[record]) for event, record in RECORDS.items()}
        self._write_letter = Writer(*job.newest(job.dead_letters)["DeadLetter"])
        self._write_profile = Writer(*job.newest(job.profiles)["UserProfile"])

    def __call__(self, value: bytes, key: bytes, timestamp: int, headers: Any) -> list[Output]:
        """Judge one raw record."""
        job, place = self._job, message_context()
        schema = self._readers[int.from_bytes(value[1:PREFIX], "big")]
        record: Any = fastavro.schemaless_reader(io.BytesIO(value[PREFIX:]), schema, None)
        refused = self._quality.refusal(record, key, timestamp)
        if refused is not None:
            letter = dead_letter(refused, job.raw, place.partition, place.offset, timestamp, key, value)
            return [(job.dead_letters, self._write_letter(letter))]
        profile = self._quality.enrich(record, place.offset)
        enriched = (job.enriched, self._write_event[record["event_type"]](record))
        return [enriched] if profile is None else [enriched, (job.profiles, self._write_profile(profile))]


def plain(node: Any) -> Any:
    """A schema whose timestamps are plain integers."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if isinstance(node, dict):
        is_time = node.get("logicalType") == "timestamp-millis"
        return "long" if is_time else {key: plain(value) for key, value in node.items()}
    return node


def main() -> None:
    """Build the application, run it until all is done."""
    job, meter, seen = Job.read(sys.stdin.readline()), Meter(), 0
    client = dict(job.client)

    def processed(topic: str, partition: int, offset: int) -> None:
        nonlocal seen
        seen += 1
        if seen == job.events:
            app.stop()

    app = Application(
        client.pop("bootstrap.servers"),
        consumer_group=job.group,
        processing_guarantee="exactly-once",
        commit_every=BATCH,
        commit_interval=3600.0,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        consumer_poll_timeout=0.2,
        consumer_extra_config=client | {name: value for name, value in CONSUMER.items() if name not in OWN},
        producer_extra_config=client | {name: value for name, value in PRODUCER.items() if name not in OWN},
        on_message_processed=processed,
        loglevel="WARNING",
    )
    judge, started = Judge(job), meter.begin
    outputs = {
        name: app.topic(name, value_serializer=Framed(), key_serializer="bytes")
        for name in (job.enriched, job.dead_letters, job.profiles)
    }
    topic = job.raw.encode()

    def origin(value: bytes, key: bytes, timestamp: int, headers: Any) -> list[tuple[str, bytes]]:
        started()
        place = message_context()
        return [
            ("source-topic", topic),
            ("source-partition", b"%d" % place.partition),
            ("source-offset", b"%d" % place.offset),
        ]

    stream = app.dataframe(app.topic(job.raw, value_deserializer="bytes", key_deserializer="bytes"))
    stream = stream.set_headers(origin).apply(judge, metadata=True, expand=True)
    stream.to_topic(lambda value, key, timestamp, headers: outputs[value[0]])
    _watch(app, meter)
    app.run()
    meter.tell()


def _watch(app: Any, meter: Meter) -> None:
    """Be told of each commit: Quix has no call-back for it."""
    context = app._processing_context
    commit = context.commit_checkpoint

    def watched(**options: bool) -> None:
        earlier, taken = context.checkpoint, context.checkpoint._total_offsets_processed
        commit(**options)
        if context.checkpoint is not earlier and taken:
            meter.committed(taken)

    context.commit_checkpoint = watched


if __name__ == "__main__":
    main()
