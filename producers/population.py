"""The generated players: who they are, where they live, what they play on, what they buy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from producers import countries

T = TypeVar("T")
Chance = Callable[[], float]  # a number from 0 up to 1

# what people play on: a device, and its platform in the spellings that clients send (10 characters at most, as
# post-match info allows)
MACHINES = (
    ("iPhone15,2", ("ios", "iOS", "IOS")),
    ("iPad14,1", ("ios", "iOS", "IOS")),
    ("Pixel 8", ("Android", "android", "ANDROID")),
    ("SM-S911B", ("Android", "android", "ANDROID")),
    ("Redmi Note 12", ("Android", "android")),
    ("Firefox 144", ("web", "Web")),
    ("GeForce RTX™ 4070", ("Windows", "windows")),
    ("CFI-2000", ("PS5", "ps5")),
    ("HEG-001", ("Switch",)),
)
NAMES = ("brave-otter", "calm-fox", "Dr. Lemur", "EAGLE", "josé", "lucky_lynx", "Zoë", "忍者")
# the first is bought most; one price has no cents, and is sent as a whole number
PRODUCTS: tuple[tuple[str, Decimal | int], ...] = (
    ("coins-100", Decimal("0.99")),
    ("coins-550", Decimal("4.99")),
    ("starter-pack", Decimal("2.49")),
    ("coins-1200", Decimal("9.99")),
    ("skin-dragon", Decimal("7.35")),
    ("season-pass", Decimal("14.95")),
    ("gift-card", 20),
    ("coins-14000", Decimal("99.90")),
)
NUMBERED_SHARE, SENT_AS_NUMBER_SHARE = 0.4, 0.7


@dataclass(slots=True)
class Player:
    """One player. `number` is the user id of those who have a number for it; `id` its canonical text."""

    id: str
    number: int | None
    country: str
    device: str
    platforms: tuple[str, ...]
    coins: int = 100
    level: int = 1

    def sent_id(self, chance: Chance) -> str | int:
        """The id as a client sends it: a numbered player's is now 42, now "42"."""
        return self.id if self.number is None or chance() >= SENT_AS_NUMBER_SHARE else self.number

    def info(self, chance: Chance, reward: int) -> dict[str, Any]:
        """Post-match info, after a match that brought `reward` coins; a winner may reach the next level."""
        self.coins += reward
        self.level += reward > 0 and chance() < 0.2
        return {
            "coin-balance-after-match": self.coins,
            "level-after-match": self.level,
            "device": self.device,
            "platform": pick(self.platforms, chance),
        }


@dataclass
class Population:
    """Everybody who has opened the game so far."""

    chance: Chance
    players: list[Player] = field(default_factory=list)

    def newcomer(self) -> Player:
        """One player more."""
        chance, count = self.chance, len(self.players)
        number = 1000 + count if chance() < NUMBERED_SHARE else None
        name = str(number) if number is not None else f"{pick(NAMES, chance)}-{count}"
        country = countries.draw(chance(), chance())
        player = Player(name, number, country, *pick(MACHINES, chance))
        self.players.append(player)
        return player

    def anyone(self) -> Player:
        """A player; early ones are keener."""
        return self.players[int(len(self.players) * self.chance() ** 2)]

    def two(self) -> tuple[Player, Player]:
        """Two different players. There must be two."""
        count, chance = len(self.players), self.chance
        first = int(count * chance() ** 2)
        second = (first + 1 + int((count - 1) * chance())) % count
        return self.players[first], self.players[second]


def pick(things: tuple[T, ...], chance: Chance) -> T:
    """One of `things`."""
    return things[int(len(things) * chance())]
