"""Runs a contender in a process of its own, on output topics of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from avrogate.errors import AvrogateError, ConfigError
from avrogate.kafka_groups import set_offsets
from avrogate.settings import Settings
from benchmarks.peers.job import Job
from benchmarks.peers.meter import RESULT
from benchmarks.stack import ROOT, environment
from benchmarks.topics import Input, catalog_of, drop, prepare
from processors.run import GROUP
from schemas.catalog import Catalog
from schemas.registry import Registry

# seconds after which a contender hangs
HANGS = 1800
PEERS_VARIABLE = "AVROGATE_BENCH_PEERS"


@dataclass(frozen=True)
class Contender:
    """A program of `benchmarks/peers`. `is_foreign`: it needs libraries that Avrogate does not have."""

    name: str
    module: str
    is_foreign: bool = False

    @property
    def python(self) -> str:
        """The interpreter that has what it needs. Raises ConfigError if there is none."""
        if not self.is_foreign:
            return sys.executable
        found = peers_python()
        if not found.exists():
            raise ConfigError(f"it is not installed in {found.parents[1]}: run it by `make bench`")
        return str(found)


OURS = Contender("processor", "ours")
PASS_THROUGH = Contender("pass-through", "pass_through")
CONFLUENT = Contender("Confluent serializers", "confluent_serializers")
QUIX = Contender("Quix Streams", "quix_streams", is_foreign=True)


@dataclass(frozen=True)
class Result:
    """What `benchmarks.peers.meter` measured."""

    events: int
    commits: int
    seconds: float
    cpu: float
    resident: int
    peak: int

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


def peers_python() -> Path:
    """The interpreter of the peers: in AVROGATE_BENCH_PEERS, a virtual environment, or `.venv-peers`."""
    return Path(os.environ.get(PEERS_VARIABLE, ROOT / ".venv-peers")).absolute() / "bin" / "python"


def job(settings: Settings, catalog: Catalog, suffix: str, events: int) -> Job:
    """What to tell a contender."""
    registry, raw = Registry(settings), catalog.stage_topic("raw")
    client = {name: value.get_secret_value() for name, value in settings.kafka.items()}
    schemas = {
        topic: [
            {
                "id": registry.id_of(version),
                "subject": version.subject,
                "record": version.short_name,
                "avro": version.resolved,
            }
            for event in entry.events
            for version in catalog.of(topic, event)
        ]
        for topic, entry in catalog.topics.items()
    }
    return Job(
        client=client | {"bootstrap.servers": settings.brokers, "log_level": 2},
        registry=settings.registry,
        group=f"bench-{suffix}",
        suffix=suffix,
        raw=raw,
        enriched=catalog.stage_topic("enriched"),
        dead_letters=catalog.topic_of("pipeline", "dead-letter"),
        profiles=catalog.topic_of("pipeline", "user-profile"),
        events=events,
        schemas=schemas,
    )


@contextmanager
def outputs(settings: Settings, raw: str) -> Iterator[tuple[Catalog, str]]:
    """Output topics for one run, deleted after it, and their suffix. The processor's group begins anew."""
    suffix = uuid.uuid4().hex[:8]
    catalog = catalog_of(raw, suffix)
    prepare(settings, catalog)
    set_offsets(settings, GROUP, raw, dict.fromkeys(range(catalog.topics[raw].partitions), 0))
    try:
        yield catalog, suffix
    finally:
        drop(settings, *(topic for topic in catalog.topics if topic != raw))


def run(settings: Settings, contender: Contender, catalog: Catalog, suffix: str, events: int) -> Result:
    """Have a contender process all `events` of the raw topic into the other topics of `catalog`.

    Raises AvrogateError if it fails, with the last line that it said, or did not process as many.
    """
    told = job(settings, catalog, suffix, events)
    try:
        done = subprocess.run(
            [contender.python, "-m", f"benchmarks.peers.{contender.module}"],
            input=told.text() + "\n",
            env=environment(settings),
            cwd=settings.expanded_home,
            capture_output=True,
            text=True,
            timeout=HANGS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AvrogateError(f"{contender.name} is not done after {HANGS} seconds") from error
    if done.returncode:
        raise AvrogateError(f"{contender.name} failed: {last_line(done.stderr)}")
    result = result_of(done.stdout, contender.name)
    if result.events != events:
        raise AvrogateError(f"{contender.name} processed {result.events:,} events of {events:,}")
    return result


def timed(settings: Settings, contender: Contender, source: Input) -> Result:
    """A run whose output nobody looks at."""
    with outputs(settings, source.topic) as (catalog, suffix):
        return run(settings, contender, catalog, suffix, source.events)


def result_of(output: str, name: str) -> Result:
    """The result in a contender's output. Raises AvrogateError if there is none."""
    for line in reversed(output.splitlines()):
        if line.startswith(RESULT):
            return Result(**json.loads(line.removeprefix(RESULT)))
    raise AvrogateError(f"{name} gave no result")


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
