"""How much of each file has been sent: the newest record by the file's digest, on a compacted topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.codec import Codec
from schemas.consumers import Consumer
from schemas.decoder import TopicDecoder, newest_codec
from schemas.registry import Registry

STAGE, EVENT = "pipeline", "file-progress"
CONSUMER = Consumer(
    "produce --from",
    STAGE,
    {
        "FileProgress": {
            "digest": "string",
            "name": "string",
            "size": "long",
            "line": "long",
            "position": "long",
            "sent": "long",
            "refused": "long",
            "done": "boolean",
            "times": "long",
            "time": "timestamp-millis",
        }
    },
)


@dataclass(frozen=True)
class FileProgress:
    """A record of `schemas/json/pipeline/file-progress`, field by field. `time` is in milliseconds since 1970."""

    digest: str
    name: str
    size: int
    line: int = 0
    position: int = 0
    sent: int = 0
    refused: int = 0
    done: bool = False
    times: int = 1
    time: int = 0

    @property
    def was_sent(self) -> bool:
        """Whether the whole file has been sent, at least once."""
        return self.done or self.times > 1

    @property
    def is_only_begun(self) -> bool:
        """Whether it was announced, and nothing of it has been sent, under whatever name."""
        return not self.was_sent and self.line == 0


class ProgressTopic:
    """Reads and writes the records. Raises SchemaNotRegistered if their schema is not registered."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        registry = Registry(settings)
        self._settings = settings
        self.name = catalog.topic_of(STAGE, EVENT)
        self._decoder = TopicDecoder(catalog, registry, self.name)
        self._codec: Codec = newest_codec(catalog, registry, self.name, EVENT)

    def read(self) -> dict[str, FileProgress]:
        """What is known of each file, by its digest, from everything that was written before the call.

        Raises ConfigError if the topic is missing, BrokerUnavailable, WireFormatError for a foreign record.
        """
        found = {}
        for message in read_to_end(self._settings, self.name):
            if message.value() is not None:
                record = self._decoder.read(message.value()).record
                found[record["digest"]] = FileProgress(
                    **{field: record[field] for field in FileProgress.__dataclass_fields__}
                )
        return found

    def encode(self, progress: FileProgress) -> tuple[bytes, bytes]:
        """Key and value of a record."""
        return progress.digest.encode(), self._codec.write(asdict(progress))


def sent_beginning(known: Mapping[str, FileProgress], digests: Mapping[int, str]) -> FileProgress | None:
    """The longest file that was sent, or begun, and that this one begins with; `digests` are by size."""
    for size in sorted(digests, reverse=True):
        found = known.get(digests[size])
        if found is not None and found.size == size:
            return found
    return None


def starting_point(
    file: FileProgress, own: FileProgress | None, beginning: FileProgress | None, again: bool
) -> FileProgress | None:
    """The progress to go on from, or None if there is nothing to do.

    `file` is a progress of nothing yet, `own` what is known of this very file, and `beginning` what is known of a
    shorter one that it begins with.
    """
    if own is not None and not own.done and (again or own.times == 1):
        return replace(own, name=file.name)
    if own is not None:
        return replace(file, times=own.times + 1) if again else None
    if beginning is None or again:
        return file
    return replace(
        file,
        line=beginning.line,
        position=beginning.position,
        sent=beginning.sent,
        refused=beginning.refused,
    )
