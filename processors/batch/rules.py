"""Which part of an event the batch form of each rule is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from processors.batch.shape import Leaf, Shape, Unfit
from processors.engine import Step, compile_rules
from processors.rules import RecordRule, Rule, ValueRule, in_order
from schemas.contract import Contract

Passing = tuple[RecordRule, ...]


@dataclass
class Link:
    """Fields that rules link: they are worked out together. `rules` are in the order in which they run."""

    paths: set[str]
    rules: list[Rule] = field(default_factory=list)

    def steps(self, contract: Contract) -> Step:
        """The rules as one step on a record of these fields."""
        return compile_rules(self.rules, contract)


def sort_out(rules: Sequence[Rule], raw: Shape, enriched: Shape) -> tuple[list[Link], Passing]:
    """The fields that rules change, linked, and the rules that only refuse.

    Raises Unfit if a rule has no batch form, or refuses by what another one has changed before.
    """
    links: list[Link] = []
    passing: list[RecordRule] = []
    records = raw.inners | enriched.inners
    for rule in rules:
        if records & {*rule.reads, *((isinstance(rule, RecordRule) and rule.sets) or ())}:
            raise Unfit(f"rule {rule.name}: it is about a record")
        if isinstance(rule, ValueRule):
            for path in rule.reads:
                if path in raw.leaves and not _keeps(rule, raw.leaves[path]):
                    _join(links, {path}, replace(rule, reads={path: rule.reads[path]}))
        elif rule.sets is not None:
            _join(links, {*rule.reads, *rule.sets}, rule)
        elif rule.passes is not None and not any(link.paths & rule.reads.keys() for link in links):
            passing.append(rule)
        else:
            raise Unfit(f"rule {rule.name}")
    if any("." in path and len(link.paths) > 1 for link in links for path in link.paths):
        raise Unfit("a rule links fields of inner records")
    return [link for link in links if link.paths & (raw.leaves.keys() | enriched.leaves.keys())], tuple(passing)


def _keeps(rule: ValueRule, leaf: Leaf) -> bool:
    """Whether the rule leaves every value as it is: a text is its own text."""
    return rule.fix is str and set(leaf.types) <= {"string", "null"}


def _join(links: list[Link], paths: set[str], rule: Rule) -> None:
    touched = [link for link in links if link.paths & paths]
    rules = [one for link in touched for one in link.rules]
    joined = Link(paths.union(*(link.paths for link in touched)), [*sorted(rules, key=in_order), rule])
    links[:] = [link for link in links if link not in touched] + [joined]
