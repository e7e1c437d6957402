"""Putting a quality processor together on a cluster and a registry, and running it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event

from avrogate.errors import ConfigError, Stopped
from avrogate.kafka import require_topic
from avrogate.kafka_limits import limits
from avrogate.kafka_transactions import TransactionalProducer
from avrogate.patience import Patience
from avrogate.settings import Settings
from processors.batch import BatchJudge
from processors.garbage import seldom_searched
from processors.intake import Intake
from processors.judge import Judge
from processors.offsets import FirstOffsets
from processors.outlets import Outlets
from processors.ownership import Ownership
from processors.profiles import Profiles
from processors.quality import QualityProcessor, largest
from processors.readers import Readers
from processors.restore import Restorer
from processors.rules import shipped_rules
from processors.slots import transactional_id
from processors.storm import StormGuard
from processors.tally import Tally
from processors.vitals import Vitals
from schemas.catalog import Catalog, shipped_catalog
from schemas.decoder import TopicDecoder
from schemas.registry import Registry

log = logging.getLogger(__name__)

GROUP = "avrogate-quality"


def process(
    settings: Settings,
    stop: Event,
    *,
    until_idle: float | None = None,
    catalog: Catalog | None = None,
    progress: Callable[[Tally], None] | None = None,
    vitals: Vitals | None = None,
) -> Tally:
    """Run one quality processor until `stop` is set or nothing has come for `until_idle` seconds.

    Each raw event gets exactly one outcome, whatever happens to this process (see `processors.quality`).
    Another thread may look at `vitals` meanwhile.

    An outage is waited out, at the start as well; a run with `until_idle` is one that somebody waits for, and raises
    BrokerUnavailable or RegistryUnavailable at the start instead. Raises ConfigError (a missing topic, partition
    counts that differ), SchemaNotRegistered, RefusalStorm.
    """
    catalog = catalog or shipped_catalog()
    vitals = vitals or Vitals()
    patience = Patience(stop, vitals.health)

    def made(identity: str) -> tuple[QualityProcessor, Intake]:
        return _processor(settings, catalog, vitals, patience, identity)

    with transactional_id(settings.expanded_home / "slots", GROUP) as identity, suppress(Stopped):
        processor, intake = patience.until_it_works(lambda: made(identity)) if until_idle is None else made(identity)
        with _closed(intake), seldom_searched():
            processor.run(patience, until_idle, progress)
    return vitals.tally


def _processor(
    settings: Settings, catalog: Catalog, vitals: Vitals, patience: Patience, identity: str
) -> tuple[QualityProcessor, Intake]:
    registry = Registry(settings)
    outlets = Outlets(catalog, registry)
    readers = Readers(catalog, registry, shipped_rules())
    _check_topics(settings, outlets)
    taken = limits(settings, outlets.outputs)
    producer = TransactionalProducer(settings, identity, limits=taken, wait=patience.mark)
    first = FirstOffsets(settings, outlets.raw, (outlets.enriched, outlets.dead_letters), patience.stop.is_set)
    profiles = Profiles()
    decoder = TopicDecoder(catalog, registry, outlets.profiles, later=False)  # what it drops would be lost
    restorer = Restorer(settings, outlets.profiles, decoder, vitals, patience.stop.is_set)
    ownership = Ownership(settings, outlets.raw, profiles, first.of, restorer.restore, patience.stop.is_set)
    intake = Intake(settings, GROUP, outlets.raw, ownership, vitals)
    judge = Judge(readers, settings, largest(outlets, taken))
    processor = QualityProcessor(
        BatchJudge(judge, readers, settings),
        outlets,
        ownership,
        profiles,
        producer,
        intake,
        StormGuard(settings.storm_guard),
        vitals,
        taken,
        lambda: limits(settings, outlets.outputs),
    )
    return processor, intake


def _check_topics(settings: Settings, outlets: Outlets) -> None:
    partitions = require_topic(settings, outlets.raw)
    for topic in (outlets.enriched, outlets.dead_letters):
        require_topic(settings, topic)
    found = require_topic(settings, outlets.profiles)
    if found != partitions:
        raise ConfigError(
            f"{outlets.raw} has {partitions} partitions and {outlets.profiles} has {found}: they must be equal",
            hint="a user's profile lives in the partition number of the user's events",
        )


@contextmanager
def _closed(intake: Intake) -> Iterator[None]:
    try:
        yield
    finally:
        intake.close()
