"""Where a streaming query keeps how far it is, tied to one topic of one cluster."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from confluent_kafka import KafkaException

from avrogate.errors import ConfigError, InUse
from avrogate.kafka import admin, topic_id, translated
from avrogate.settings import Settings

# an offset, in the words of Spark's Kafka source
EARLIEST = -2


@dataclass(frozen=True)
class Identity:
    """Which log a checkpoint counts, and its generation: when it was begun, in milliseconds since 1970."""

    cluster: str
    topic: str
    topic_id: str
    generation: int


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint folder.

    A folder of a file system, not any address that Hadoop knows: its lock, and what is read of Spark's own files
    here, are plain files. On a cluster it is a mount that driver and executors share.
    """

    folder: Path
    identity: Identity

    @property
    def location(self) -> str:
        """Where Spark keeps its part."""
        return str(self.folder / "spark")

    def watermark(self, batch: int) -> int:
        """The watermark with which a batch runs, in milliseconds; 0 before there is one.

        Spark writes it down before it starts the batch: a batch that is run again has the same one.
        """
        return int(json.loads(self._planned(batch)[1])["batchWatermarkMs"])

    def offsets(self, batch: int, topic: str) -> tuple[dict[str, int], dict[str, int]]:
        """Where a batch begins and ends in each partition of its topic, as Spark's Kafka source takes it."""
        last: dict[str, int] = json.loads(self._planned(batch)[2])[topic]
        known = json.loads(self._planned(batch - 1)[2])[topic] if batch else {}
        return {partition: known.get(partition, EARLIEST) for partition in last}, last

    @property
    def newest(self) -> int:
        """The batch that Spark planned last; -1 before there is one."""
        planned = self.folder / "spark" / "offsets"
        files = planned.iterdir() if planned.is_dir() else ()
        return max((int(file.name) for file in files if file.name.isdecimal()), default=-1)

    def ends(self, batch: int) -> dict[int, int]:
        """The offsets at which a batch ends, by partition. Written down before it starts, as its watermark is."""
        offsets = json.loads(self._planned(batch)[2])[self.identity.topic]
        return {int(partition): end for partition, end in offsets.items()}

    def _planned(self, batch: int) -> list[str]:
        return (self.folder / "spark" / "offsets" / str(batch)).read_text(encoding="utf-8").splitlines()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the checkpoint. Raises InUse if another process does: two would overwrite each other."""
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InUse(
                    f"another `avrogate analytics {self.folder.name}` works on {self.folder}",
                    hint="stop it first, or set another AVROGATE_CHECKPOINTS",
                ) from error
            yield


def open_checkpoint(settings: Settings, name: str, topic: str, now: Callable[[], float] = time.time) -> Checkpoint:
    """The checkpoint `name` under `settings.checkpoints_home`; made, with a new generation, if there is none.

    Raises ConfigError if it counts another cluster or a topic that was deleted and made again: its offsets
    would mean other records. BrokerUnavailable if no broker answers.
    """
    folder = settings.checkpoints_home / name
    cluster, topic_id = log_identity(settings, topic)
    begun = Identity(cluster, topic, topic_id, int(now() * 1000))
    try:
        kept = _kept(folder) or _keep(folder, begun)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be used: {error.strerror}",
            hint="set AVROGATE_CHECKPOINTS to a folder that can be written",
        ) from error
    if (kept.cluster, kept.topic, kept.topic_id) != (cluster, topic, topic_id):
        raise ConfigError(
            f"{folder} belongs to topic {kept.topic} ({kept.topic_id}) of cluster {kept.cluster}, "
            f"not to {topic} ({topic_id}) of {cluster} at {settings.brokers}",
            hint=f"to count from the beginning of this one: rm -r {folder}",
        )
    return Checkpoint(folder, kept)


def _kept(folder: Path) -> Identity | None:
    try:
        return Identity(**json.loads((folder / "identity.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        if (folder / "spark").exists():
            raise ConfigError(
                f"{folder} does not say which cluster it counts", hint=f"to count from the beginning: rm -r {folder}"
            ) from None
        return None
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{folder / 'identity.json'} is damaged: {error}", hint=f"rm -r {folder}") from error


def _keep(folder: Path, identity: Identity) -> Identity:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "identity.json.new"
    draft.write_text(json.dumps(asdict(identity), indent=2), encoding="utf-8")
    draft.replace(folder / "identity.json")
    return identity


def log_identity(settings: Settings, topic: str) -> tuple[str, str]:
    """The ids of the cluster and of the topic. Raises BrokerUnavailable."""
    client = admin(settings)
    try:
        cluster = client.describe_cluster(request_timeout=settings.request_timeout).result().cluster_id
    except KafkaException as error:
        raise translated(error, settings) from error
    return str(cluster), topic_id(settings, client, topic)
