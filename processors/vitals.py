"""What an operator sees of a running processor: one thread writes it, any may read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from avrogate.health import Health
from processors.tally import Tally


@dataclass(frozen=True)
class Committed:
    """One committed batch: its raw events, and the seconds that all of it and its transaction alone took."""

    events: int
    seconds: float
    transaction_seconds: float


@dataclass
class Restoring:
    """How far the profiles of partitions that are being taken over have been read, in offsets."""

    done: int = 0
    total: int = 0


@dataclass
class Vitals:
    """`lag` is by partition, in offsets of the raw topic (transaction markers take some, too).

    `owned` is how many partitions this process has, `profiles` how many are in memory, `restarts` how many producers
    had to be replaced. `on_batch` is called after each commit.
    """

    health: Health = field(default_factory=Health)
    tally: Tally = field(default_factory=Tally)
    lag: dict[int, int] = field(default_factory=dict)
    owned: int = 0
    profiles: int = 0
    restarts: int = 0
    restoring: Restoring | None = None
    on_batch: Callable[[Committed], None] | None = None
