"""Quality rules: each is one file here, whose docstring is its user documentation.

A file offers `rule`, a ValueRule or a RecordRule, and has its cases beside it (`<file>.yaml`). Rules run by
ascending `order`, then by name; those that refuse have lower numbers than those that fix, so that they see
the event as it was sent.

A rule works on records: Avro names, time in milliseconds, money as Decimal. Nested fields are dotted paths.
A rule is passed over for events that do not have the fields it reads; an event that it went for may not lose
them in a later version (`avrogate schemas check`).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from avrogate.settings import Settings


@dataclass(frozen=True)
class Refusal:
    """A rule's no: one sentence, and the field it is about (dotted path), if it is about one."""

    message: str
    field: str | None = None


@dataclass
class Context:
    """What a rule may know besides the event, and where it counts what is worth counting.

    `user` is the text of the field that the catalog names as the event's key, `user_field` its path;
    `key` is the record's key, None if it had none; `timestamp` is the broker's, in milliseconds.
    """

    settings: Settings
    user: str = ""
    user_field: str = ""
    key: bytes | None = None
    timestamp: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str) -> None:
        """Add one to a counter that the summary shows under this name."""
        self.counts[name] = self.counts.get(name, 0) + 1


@dataclass(frozen=True)
class Together:
    """What a rule may know of a batch besides the events' fields, in the same order: what `Context` has of one.

    `users` and `keys` are UTF-8, `timestamps` an array of milliseconds. The fields themselves come by path: an array
    of whole numbers, or a list of texts in UTF-8.
    """

    settings: Settings
    users: Sequence[bytes]
    keys: Sequence[bytes | None]
    timestamps: Any


@dataclass(frozen=True, kw_only=True)
class ValueRule:
    """A rule about single values, each for itself.

    `reads` is the fields that it fixes, by path, each with the type that it copes with (`schemas.field_types`);
    what is null is passed over. `fix` is pure: the engine may call it once per distinct value and remember the
    answer.
    `name` is the stable code that dead letters and metrics carry.
    """

    name: str
    reads: Mapping[str, str]
    fix: Callable[[Any], Any]
    order: int = 500


@dataclass(frozen=True, kw_only=True)
class RecordRule:
    """A rule that looks at several fields, at the key or at the broker's time.

    `reads` is the fields that it needs, by path, each with the type that it copes with (`schemas.field_types`).
    `apply` gets their values by their paths, and no others. It returns a Refusal, the fields to change, or None.

    Two things that it may say let whole batches go through it at once (`processors.batch`); an event that a rule with
    neither goes for is judged one by one.
    `sets` are all the fields that it may change, if what it says depends on what it reads and on the settings alone:
    the answer is remembered then. `passes` says of a batch which events it certainly has nothing to say about.
    """

    name: str
    reads: Mapping[str, str]
    apply: Callable[[Mapping[str, Any], Context], Refusal | Mapping[str, Any] | None]
    order: int = 500
    sets: tuple[str, ...] | None = None
    passes: Callable[[Mapping[str, Any], Together], Iterable[bool]] | None = None


Rule = ValueRule | RecordRule


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """Every rule of this folder, in the order in which they run. Raises TypeError for a file without one."""
    rules = [_rule(info.name) for info in pkgutil.iter_modules(__path__)]
    return tuple(sorted(rules, key=in_order))


def in_order(rule: Rule) -> tuple[int, str]:
    """By what rules are sorted."""
    return rule.order, rule.name


def _rule(module_name: str) -> Rule:
    module = importlib.import_module(f"{__name__}.{module_name}")
    rule = getattr(module, "rule", None)
    if not isinstance(rule, ValueRule | RecordRule):
        raise TypeError(f"processors/rules/{module_name}.py has no `rule`")
    return rule
