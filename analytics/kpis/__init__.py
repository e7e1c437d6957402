"""Minute KPIs: each is one file here, whose docstring is its user documentation.

A file offers `kpi`, a Kpi: declared, not programmed. Expressions are Spark SQL over the fields of one enriched
event (`coalesce(country, 'Unknown')`, `user_a_postmatch_info.platform`), and see only the fields that the KPI
declares to read: no schema change can take one of them away unseen (`avrogate schemas check`). All KPIs go
through one read of Kafka and one aggregation, whose state does not depend on which KPIs there are: a new file
starts to count on the next start, on the checkpoint that is there.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import ModuleType
from typing import Literal

from avrogate.errors import ConfigError

NAME = re.compile(r"[a-z][a-z0-9-]{0,99}")
Measure = Literal["count", "amount", "users", "amount-per-user"]
# what a KPI must declare to show a measure
NEEDS = {"amount": ("amount",), "users": ("users",), "amount-per-user": ("amount", "users")}


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What one kind of event gives to a KPI.

    `event` is the record's short name; `reads` is the fields of it that the expressions use, by dotted path, with
    the types that they cope with (`time` is read in any case). The event counts once if `where` holds (always, if
    there is none), adds `amount` (a decimal(18,2)) to the sum, and each of `users` to the distinct users.
    """

    event: str
    reads: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    amount: str | None = None
    users: tuple[str, ...] = ()
    dimensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def expressions(self) -> tuple[str, ...]:
        """All of its expressions."""
        given = (self.where, self.amount, *self.users, *self.dimensions.values())
        return tuple(one for one in given if one)


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One value per UTC minute and combination of dimensions.

    A KPI of one event names `event` and what it takes from it; one of several events lists `contributions`.
    `title` heads its column or table; tables show KPIs by ascending `order`, then by name.

    `show` chooses the number that a person sees, if it is not the one that `measure` says: "amount-per-user" is the
    amount by distinct user. Only amount and users are published and added up; a ratio is made of them to be shown.
    """

    name: str
    title: str = ""
    order: int = 500
    show: Measure | None = None
    event: str | None = None
    reads: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    amount: str | None = None
    users: tuple[str, ...] = ()
    dimensions: Mapping[str, str] = field(default_factory=dict)
    contributions: tuple[Contribution, ...] = ()

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ConfigError(f"KPI {self.name!r}: a name is lower-case letters, digits and hyphens")
        if (self.event is None) == (not self.contributions):
            raise ConfigError(f"KPI {self.name}: it needs either `event` or `contributions`")
        if len({tuple(sorted(part.dimensions)) for part in self.parts}) > 1:
            raise ConfigError(f"KPI {self.name}: all contributions need the same dimensions")
        for needed, there in (("amount", self.has_amount), ("users", self.has_users)):
            if needed in NEEDS.get(self.show or "", ()) and not there:
                raise ConfigError(f"KPI {self.name}: it shows {self.show} and declares no `{needed}`")

    @property
    def parts(self) -> tuple[Contribution, ...]:
        """Its contributions, however they were declared."""
        if self.event is None:
            return self.contributions
        return (
            Contribution(
                event=self.event,
                reads=self.reads,
                where=self.where,
                amount=self.amount,
                users=self.users,
                dimensions=self.dimensions,
            ),
        )

    @property
    def heading(self) -> str:
        """What a table calls it."""
        return self.title or self.name.replace("-", " ")

    @cached_property  # this and `measure` are asked for every row of a view, and there may be tens of thousands
    def dimension_names(self) -> tuple[str, ...]:
        """The names of its dimensions, in the order in which they were declared."""
        return tuple(self.parts[0].dimensions)

    @property
    def has_amount(self) -> bool:
        """Whether it sums an amount."""
        return any(part.amount for part in self.parts)

    @property
    def has_users(self) -> bool:
        """Whether it counts distinct users."""
        return any(part.users for part in self.parts)

    @cached_property
    def measure(self) -> Measure:
        """The number that is shown: `show`, else the amount if there is one, else the users, else the count."""
        if self.show is not None:
            return self.show
        return "amount" if self.has_amount else "users" if self.has_users else "count"


@cache
def shipped_kpis() -> tuple[Kpi, ...]:
    """Every KPI of this folder, by `order`, then by name. Raises ConfigError for a file without one."""
    kpis = [kpi_of(importlib.import_module(f"{__name__}.{info.name}")) for info in pkgutil.iter_modules(__path__)]
    names = [kpi.name for kpi in kpis]
    for name in {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"two files of analytics/kpis declare the KPI {name}")
    return tuple(sorted(kpis, key=lambda kpi: (kpi.order, kpi.name)))


def kpi_of(module: ModuleType) -> Kpi:
    """The KPI that a file declares. Raises ConfigError if it does not."""
    kpi = getattr(module, "kpi", None)
    if not isinstance(kpi, Kpi):
        raise ConfigError(f"{module.__name__.replace('.', '/')}.py declares no `kpi`")
    return kpi
