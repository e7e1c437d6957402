"""How fast the profiles come back, and what they take: `python -m benchmarks.restore --profiles 1000000`.

Writes profiles as the processor does (wire format, headers, transactions of 10,000, four partitions) to topics of
its own, and restores them in a fresh process several times. On a stack of its own in a temporary folder, unless
AVROGATE_BOOTSTRAP_SERVERS is set. Memory is that of the process, and includes what the Kafka client keeps;
`objects` counts what Python allocated for the profiles alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import subprocess
import sys
import time
import uuid

import psutil

from avrogate.kafka_limits import limits
from avrogate.kafka_transactions import TransactionalProducer
from avrogate.settings import Settings, load_settings
from benchmarks.stack import environment, platform
from processors.outlets import Outlets
from processors.profiles import Partition
from processors.provenance import headers
from processors.records import Profile, RawRecord
from processors.restore import Restorer
from schemas.catalog import Catalog, load_catalog
from schemas.decoder import TopicDecoder
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

PARTITIONS, BATCH = 4, 10_000
COUNTRIES = (
    "United States",
    "Portugal",
    "United Kingdom",
    "Brazil",
    "France",
    "Germany",
    "Italy",
    "Spain",
    "Unknown",
)
PLATFORMS = ("IOS", "ANDROID", "WEB")


def write(settings: Settings, catalog: Catalog, profiles: int) -> None:
    """As many users, one profile each."""
    outlets = Outlets(catalog, Registry(settings))
    client = TransactionalProducer(settings, uuid.uuid4().hex, limits=limits(settings, outlets.outputs))
    chance, now = random.Random(6), int(time.time() * 1000)
    for first in range(0, profiles, BATCH):
        client.begin()
        for number in range(first, min(first + BATCH, profiles)):
            user, partition = f"user-{number:08}", number % PARTITIONS
            profile = Profile(now + number * 7, number * 3, chance.choice(COUNTRIES), chance.choice(PLATFORMS))
            origin = headers(RawRecord(outlets.raw, partition, profile.offset, 0, None, None))
            client.send(outlets.profiles, user.encode(), outlets.profile(user, profile), origin, partition)
        client.commit()


def restore(settings: Settings, catalog: Catalog) -> dict[str, float]:
    """Restore all partitions in this process, and say what it took."""
    registry = Registry(settings)
    topic = catalog.topic_of("pipeline", "user-profile")
    restorer = Restorer(settings, topic, TopicDecoder(catalog, registry, topic, later=False))
    gc.collect()
    process = psutil.Process()
    resident, started, worked = process.memory_info().rss, time.perf_counter(), time.process_time()
    restored = restorer.restore(range(PARTITIONS))
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    gc.collect()
    return {
        "profiles": sum(map(len, restored.values())),
        "seconds": seconds,
        "cpu": cpu,
        "resident": process.memory_info().rss - resident,
        "objects": sum(map(size, restored.values())),
    }


def size(partition: Partition) -> int:
    """Bytes of the names, the integers and the table of a partition."""
    packed = partition.packed
    return sys.getsizeof(packed) + sum(sys.getsizeof(one) for pair in packed.items() for one in pair)


def show(results: list[dict[str, float]]) -> None:
    """The rates of the runs, and the memory of the middle one."""
    rates = [one["profiles"] / one["seconds"] for one in results]
    print(f"{len(results)} restores of {results[0]['profiles']:,} profiles")  # noqa: T201
    print(f"profiles/s   median {statistics.median(rates):,.0f}, from {min(rates):,.0f} to {max(rates):,.0f}")  # noqa: T201
    work = statistics.median(one["cpu"] / one["profiles"] for one in results)
    print(f"processor    {work * 1e6:.2f} µs per profile")  # noqa: T201
    for kind in ("resident", "objects"):
        each = statistics.median(one[kind] / one["profiles"] for one in results)
        print(f"{kind:12} {each:,.0f} MB per million users")  # noqa: T201


def main() -> None:
    """Write, restore, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--restore", metavar="SUFFIX", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.restore:
        print(json.dumps(restore(load_settings(), load_catalog().suffixed(given.restore))))  # noqa: T201
        return
    suffix = uuid.uuid4().hex[:8]
    with platform() as settings:
        catalog = load_catalog().suffixed(suffix)
        list(create_topics(catalog, settings))
        register_all(catalog, Registry(settings))
        write(settings, catalog, given.profiles)
        command = [sys.executable, __file__, "--restore", suffix]
        rounds = [subprocess.check_output(command, env=environment(settings)) for _ in range(given.rounds)]
        show([json.loads(one) for one in rounds])


if __name__ == "__main__":
    main()
