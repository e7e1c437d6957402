"""Putting a quality processor together on a cluster and a registry, and running it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from avrogate.errors import ConfigError
from avrogate.kafka import consumer, require_topic
from avrogate.settings import Settings
from processors.judge import Judge
from processors.offsets import ensure_offsets
from processors.outlets import Outlets
from processors.ownership import Ownership
from processors.profiles import Profiles
from processors.quality import QualityProcessor
from processors.readers import Readers
from processors.restore import Restorer
from processors.rules import shipped_rules
from processors.slots import transactional_id
from processors.tally import Tally
from processors.transactions import TransactionalProducer
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
) -> Tally:
    """Run one quality processor until `stop` is set or nothing has come for `until_idle` seconds.

    Each raw event gets exactly one outcome, whatever happens to this process (see `processors.quality`).

    Raises ConfigError (a missing topic, partition counts that differ), SchemaNotRegistered, BrokerUnavailable and
    RegistryUnavailable at the start; later outages are waited out.
    """
    catalog = catalog or shipped_catalog()
    registry = Registry(settings)
    outlets = Outlets(catalog, registry)
    judge = Judge(Readers(catalog, registry, shipped_rules()), settings)
    partitions = _check_topics(settings, outlets)
    with transactional_id(settings.expanded_home / "slots", GROUP) as identity:
        producer = TransactionalProducer(settings, identity)
        ensure_offsets(settings, GROUP, outlets.raw, partitions, (outlets.enriched, outlets.profiles))
        profiles = Profiles()
        decoder = TopicDecoder(catalog, registry, outlets.profiles, later=False)  # what it drops would be lost
        restorer = Restorer(settings, outlets.profiles, decoder)
        ownership = Ownership(settings, profiles, restorer.restore)
        source = consumer(
            settings,
            GROUP,
            partition_assignment_strategy="cooperative-sticky",
            session_timeout_ms=10_000,
            enable_partition_eof=True,
        )
        processor = QualityProcessor(judge, outlets, ownership, profiles, producer, source, settings)
        source.subscribe(
            [outlets.raw], on_assign=ownership.assigned, on_revoke=ownership.revoked, on_lost=ownership.lost
        )
        try:
            processor.run(stop, until_idle, progress)
        finally:
            source.close()
    return processor.tally


def _check_topics(settings: Settings, outlets: Outlets) -> int:
    partitions = require_topic(settings, outlets.raw)
    for topic in (outlets.enriched, outlets.dead_letters):
        require_topic(settings, topic)
    found = require_topic(settings, outlets.profiles)
    if found != partitions:
        raise ConfigError(
            f"{outlets.raw} has {partitions} partitions and {outlets.profiles} has {found}: they must be equal",
            hint="a user's profile lives in the partition number of the user's events",
        )
    return partitions
