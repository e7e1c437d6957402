"""Generated events: a seeded, made-up day at the studio.

Players open the game (`init`), then play and buy. Event time runs in order over the span, except for late events.
Everything follows from the `Plan`: the same plan gives the same events; another start shifts their time only.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from avrogate.errors import ConfigError
from producers.population import PRODUCTS, Chance, Player, Population, pick
from producers.source import Event, Line
from producers.spoilt import FAULTS_OF, INIT, MATCH, PURCHASE

NEW_PLAYERS, RETURNS, MATCHES = 0.08, 0.12, 0.55  # shares of all events; the rest are purchases
LATE = (60, 1740)  # a late event is this many seconds late at least, and up to so many more


@dataclass(frozen=True)
class Plan:
    """What to generate. `start` is in Unix seconds, `span` in seconds; shares are of all events.

    Raises ConfigError for what cannot be.
    """

    events: int
    seed: int
    start: int
    span: int
    late_share: float = 0.0
    invalid_share: float = 0.0

    def __post_init__(self) -> None:
        if self.events < 0 or self.start < 0 or self.span < 1:
            raise ConfigError("events and start cannot be negative, and the span is at least one second")
        if not (self.late_share >= 0 and self.invalid_share >= 0 and self.late_share + self.invalid_share <= 1):
            raise ConfigError("the late and the invalid share are numbers from 0 to 1, and at most 1 together")


class Generator:
    """The events of a plan, as a source. `done` counts events.

    `spoilt` counts those made invalid so far, by the stage that must refuse them and the fault.
    """

    def __init__(self, plan: Plan) -> None:
        self.name = f"generated, seed {plan.seed}"
        self.total = plan.events
        self.done = 0
        self.spoilt: Counter[tuple[str, str]] = Counter()
        self._plan = plan

    def __iter__(self) -> Iterator[Line]:
        """The events from the first on, as often as asked."""
        self.done = 0
        self.spoilt.clear()
        plan = self._plan
        story = _Story(Population(random.Random(plan.seed).random))
        # chance of its own: with or without faults, the players do the same things
        chance = random.Random(f"faults {plan.seed}").random
        late, spoilt = plan.late_share, plan.late_share + plan.invalid_share
        for number in range(1, plan.events + 1):
            event = story.event(plan.start + (number - 1) * plan.span // plan.events)
            fate = chance()
            self.done = number
            if fate >= spoilt:
                yield Line(number, event)
            else:
                yield Line(number, _late(event, chance) if fate < late else self._spoil(event, chance))

    def spoilt_for(self, stage: str) -> int:
        """How many events were made invalid so far for `stage` (producer, processor) to refuse."""
        return sum(count for (refused_by, _), count in self.spoilt.items() if refused_by == stage)

    def _spoil(self, event: dict[str, Any], chance: Chance) -> Event:
        fault = pick(FAULTS_OF[event["event-type"]], chance)
        self.spoilt[fault.refused_by, fault.name] += 1
        return fault.spoil(event)


def _late(event: dict[str, Any], chance: Chance) -> Event:
    least, range_ = LATE
    return {**event, "time": max(0, event["time"] - least - int(range_ * chance()))}


class _Story:
    """What happens next."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._chance = population.chance

    def event(self, time: int) -> dict[str, Any]:
        population, which = self._population, self._chance()
        if which < NEW_PLAYERS or len(population.players) < 2:
            return self._init(time, population.newcomer())
        if which < NEW_PLAYERS + RETURNS:
            return self._init(time, population.anyone())
        if which < NEW_PLAYERS + RETURNS + MATCHES:
            return self._match(time, *population.two())
        return self._purchase(time, population.anyone())

    def _init(self, time: int, player: Player) -> dict[str, Any]:
        return {
            "event-type": INIT,
            "time": time,
            "user-id": player.sent_id(self._chance),
            "country": player.country,
            "platform": pick(player.platforms, self._chance),
        }

    def _match(self, time: int, a: Player, b: Player) -> dict[str, Any]:
        chance = self._chance
        a_wins, reward = chance() < 0.5, 10 + int(40 * chance())
        event = {
            "event-type": MATCH,
            "time": time,
            "user-a": a.id,
            "user-b": b.id,
            "user-a-postmatch-info": a.info(chance, reward * a_wins),
        }
        if chance() < 0.7:
            event["user-b-postmatch-info"] = b.info(chance, reward * (not a_wins))
        event["winner"] = a.id if a_wins else b.id
        event["game-tier"] = min(5, 1 + a.level // 3)
        event["duration"] = 30 + int(870 * chance())
        return event

    def _purchase(self, time: int, player: Player) -> dict[str, Any]:
        product, price = PRODUCTS[int(len(PRODUCTS) * self._chance() ** 2)]
        return {
            "event-type": PURCHASE,
            "time": time,
            "purchase_value": price,
            "user-id": player.sent_id(self._chance),
            "product-id": product,
        }
