"""What `kpis-minute` says was published last: a checkpoint that is behind that came out of a backup."""

from __future__ import annotations

from analytics.checkpoints import Checkpoint
from analytics.kpi_reader import KPI
from avrogate.errors import ConfigError
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from schemas.catalog import Catalog
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

# every record says of which generation and batch it is: the last one would be enough
LAST = 20


def newest_published(settings: Settings, catalog: Catalog) -> tuple[int, int] | None:
    """The greatest generation and batch among the last records, or None if there is no record.

    Raises ConfigError (no topic), BrokerUnavailable, RegistryUnavailable, SchemaNotRegistered.
    """
    topic = catalog.topic_of("pipeline", KPI)
    decoder = TopicDecoder(catalog, Registry(settings), topic)
    records = (decoder.read(message.value()).record for message in read_to_end(settings, topic, newest=LAST))
    return max(((record["generation"], record["batch"]) for record in records), default=None)


def require_newest(settings: Settings, catalog: Catalog, checkpoint: Checkpoint) -> None:
    """Raise ConfigError if a later life of the checkpoint has published: its numbers would hide all new ones.

    Readers keep the greatest generation and batch. Batches that the checkpoint runs again would be smaller.
    """
    ours, there = (checkpoint.identity.generation, checkpoint.newest), newest_published(settings, catalog)
    if there is not None and there > ours:
        batch = f"batch {there[1]}" if there[0] == ours[0] else "another checkpoint, which was begun later"
        raise ConfigError(
            f"{checkpoint.folder} goes on after batch {ours[1]}, but the newest numbers are of {batch}: it is older "
            "than what was published",
            hint=f"bring the newer one back; or count from the beginning: rm -r {checkpoint.folder}",
        )
