"""What a scenario has to do with: the stack, topics of its own, processors, load, and the judgement at the end."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import markers
import oracle
from load import Load
from members import Member, ScenarioFailed, wait_for

from avrogate import kafka
from avrogate.errors import TransientError
from avrogate.kafka_groups import committed_offsets
from avrogate.local.kafka import Kafka
from avrogate.local.process import find
from avrogate.local.stack import Stack
from avrogate.settings import Settings
from conftest import environment
from processors.audit import audit
from processors.run import GROUP
from schemas.catalog import Catalog, load_catalog
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

# the least that a broker takes
SESSION = 6.0
# seconds: the broker ends what nobody ends after one minute, and looks every ten seconds
SETTLE = 180.0
BATCH = 400


@dataclass
class Profile:
    """How much of it: random kills, garbage payloads, seconds of an outage."""

    kills: int = 8
    payloads: int = 50_000
    outage: float = 20.0
    seed: int = 1
    broken: str | None = None


@dataclass
class Row:
    """What became of one scenario."""

    scenario: str
    events: int = 0
    kills: int = 0
    aborted: int = 0
    cut_off: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong with it."""
        return not (self.lost or self.duplicated or self.wrong or self.faults)


class Arena:
    """Topics and subjects, a home and processors of one scenario, on a stack that is the suite's own.

    `random` is seeded by the suite's seed and the scenario's name. `aborted` and `cut_off` say how many transactions
    must have been aborted at least, and how many of them because their processor was gone; `events` how many there
    must be.
    The consumer group is the scenario's own, too.
    """

    def __init__(self, name: str, stack: Settings, folder: Path, profile: Profile) -> None:
        self.row = Row(name)
        self.profile = profile
        self.random = random.Random(f"{profile.seed} {name}")
        self.aborted = self.cut_off = 0
        self.events = 1
        self.stack = stack
        self.folder = folder
        self.suffix = f"{name}-{random.SystemRandom().randrange(16**6):06x}"
        self.group = f"{GROUP}-{self.suffix}"
        self._down: set[str] = set()
        self.members: list[Member] = []
        self.extra: dict[str, str] = {}
        self._begun = time.monotonic()
        folder.mkdir(parents=True)
        self.catalog: Catalog = load_catalog().suffixed(self.suffix)
        self.settings = Settings(
            home=folder,
            downloads=stack.downloads,
            bootstrap_servers=stack.brokers,
            registry_url=stack.registry,
            session_timeout=SESSION,
            storm_guard=False,
            kafka={},
        )
        list(create_topics(self.catalog, self.settings))
        register_all(self.catalog, Registry(self.settings))

    def load(self, events: int = 100_000, rate: float | None = 800.0) -> Load:
        """Events of the scenario's own seed; all at once without a rate."""
        return Load(self.settings, self.catalog, events=events, seed=self.random.randrange(2**31), rate=rate)

    def fill(self, events: int) -> None:
        """So many events, now."""
        with self.load(events, None) as load:
            load.wait()

    def start(self, name: str, *, home: Path | None = None, **options: Any) -> Member:
        """Start a processor; `options` are those of child.py."""
        env = environment(self.settings) | {
            "AVROGATE_SESSION_TIMEOUT": str(SESSION),
            "AVROGATE_STORM_GUARD": "false",
            "AVROGATE_HOME": str(home or self.folder),
            **self.extra,
        }
        options = {"batch": BATCH} | options
        if self.profile.broken:
            options.setdefault("broken", self.profile.broken)
        member = Member(f"{name}-{len(self.members)}", self.suffix, self.folder, env, **options)
        self.members.append(member)
        return member

    def pair(self) -> tuple[Member, Member]:
        """Two processors that are at work."""
        both = self.start("first"), self.start("second")
        for one in both:
            one.wait_ready()
        return both

    def kill(self, member: Member) -> None:
        """SIGKILL, counted."""
        self.row.kills += 1
        member.kill()

    def pending(self) -> int:
        """Raw events without an outcome."""
        raw = self.catalog.stage_topic("raw")
        parts = kafka.require_topic(self.settings, raw)
        committed = committed_offsets(self.settings, self.group, raw, parts)
        probe = kafka.consumer(self.settings, "avrogate-probe")
        try:
            ends = {part: kafka.offsets(self.settings, probe, raw, part) for part in range(parts)}
        finally:
            probe.close()
        return sum(
            end - (low if committed[part] is None else committed[part] or 0) for part, (low, end) in ends.items()
        )

    def require(self, condition: bool, otherwise: str) -> None:
        """Note a fault unless it is so; the scenario goes on."""
        if not condition:
            self.row.faults.append(otherwise)

    def settle(self) -> None:
        """Wait until every event has an outcome."""

        def settled() -> bool:
            for one in self.members:
                if not one.alive and not one.killed:
                    raise ScenarioFailed(f"{one.name} ended with {one.process.returncode}: {one.last_words()}")
            with suppress(TransientError):
                return self.pending() == 0
            return False

        try:
            wait_for("nothing pending", settled, SETTLE)
        except ScenarioFailed as failure:
            raise ScenarioFailed(f"{failure}{self._how_it_stands()}") from failure

    def _how_it_stands(self) -> str:
        """What each processor says of itself, last logged, and is about."""
        here = [one for one in self.members if one.alive]
        return "".join(f"\n  {one.name}: {one.status}\n    {one.last_words(15)}\n{one.stacks()}" for one in here)

    def broker_down(self, hard: bool = False) -> None:
        """End the broker, by SIGTERM or SIGKILL."""
        self._end(Kafka.name, hard)

    def registry_down(self, hard: bool = False) -> None:
        """End the registry."""
        self._end("registry", hard)

    def stack_up(self) -> None:
        """Start what is down."""
        if self._down:
            Stack(self.stack).up(lambda line: None)
        self._down.clear()

    def run(self, scenario: Callable[[Arena], None]) -> Row:
        """Do a scenario, and judge what it left."""
        try:
            scenario(self)
            self.settle()
            for one in self.members:
                one.stop()
            self._judge()
        except ScenarioFailed as failure:
            self.row.faults.append(str(failure))
        except Exception as error:  # noqa: BLE001 # one scenario's trouble is not the others'
            self.row.faults.append(f"{type(error).__name__}: {error}")
        finally:
            for one in self.members:
                one.send(signal.SIGCONT)
                one.kill()
            self.stack_up()
        self.row.seconds = time.monotonic() - self._begun
        return self.row

    def _judge(self) -> None:
        row = self.row
        outputs = [name for name in self.catalog.topics if not name.startswith(self.catalog.stage_topic("raw"))]
        row.aborted, row.cut_off = markers.aborted(Kafka(self.stack).data / "data", outputs)
        verdict = oracle.compare(self.settings, self.catalog, self.group)
        row.events, row.lost, row.duplicated, row.wrong = (
            verdict.events,
            verdict.lost,
            verdict.duplicated,
            verdict.wrong,
        )
        row.faults += verdict.samples[:3]
        result = audit(self.settings, self.catalog, self.group)
        self.require(result.adds_up, "the audit does not add up")
        self.require(sum(part.pending for part in result.partitions) == 0, "the audit has pending events")
        self.require(row.events >= self.events, f"there were {row.events} events")
        self.require(
            row.aborted >= self.aborted and row.cut_off >= self.cut_off,
            f"did not hit: {row.aborted} transactions were aborted, {row.cut_off} of them cut off",
        )

    def _end(self, service: str, hard: bool) -> None:
        self._down.add(service)
        if hard:
            for one in Stack(self.stack).services:
                found = find(one.pid_file) if one.name == service else None
                if found:
                    found.process.kill()
                    found.process.wait(10)
        Stack(self.stack).down({service})
