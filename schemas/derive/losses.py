"""What gets lost between JSON Schema and Avro, who holds it instead, and where the encoder is stricter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.contract.constraints import ENFORCED
from schemas.drafts import constraints, types_of
from schemas.json_files import Place, follow

# what the encoder refuses though JSON Schema allows it, by the reason code of InvalidEvent
STRICTER = {
    "too-many-decimals": "money has as many places as its decimal's scale",
    "out-of-range": "whole numbers, seconds in milliseconds, and money fit into their Avro type",
    "invalid-text": "Avro's text is UTF-8, which has no half of a surrogate pair",
    "not-base64": "bytes are base64 text",
}

BY_CONTRACT = "encoder and quality processor"
BY_ENCODER = "encoder"


@dataclass(frozen=True)
class Loss:
    """Something that the Avro schema alone does not say, and who says it instead."""

    source: str
    pointer: str
    keyword: str
    enforced: str


@dataclass(frozen=True)
class Stricter:
    """Something that the encoder refuses though JSON Schema allows it; `reason` is one of `STRICTER`."""

    source: str
    pointer: str
    reason: str
    refuses: str


@dataclass
class Remarks:
    """What one derivation has found on its way, each thing once.

    losses    constraints, enforced from the field property `contract`
    notes     what else Avro does not say
    stricter  what the encoder refuses beyond the JSON Schema
    """

    losses: dict[Loss, None] = field(default_factory=dict)
    notes: dict[Loss, None] = field(default_factory=dict)
    stricter: dict[Stricter, None] = field(default_factory=dict)

    def note(self, place: Place, keyword: str, enforced: str) -> None:
        """Something that is no constraint."""
        self.notes[Loss(place.source, f"{place.pointer}/{keyword}", keyword, enforced)] = None

    def refused(self, place: Place, reason: str, refuses: str) -> None:
        """Something that only the encoder refuses."""
        self.stricter[Stricter(place.source, place.pointer, reason, refuses)] = None

    def contract(self, target: Place) -> dict[str, Any]:
        """The constraints of a field, of its items and of its values, in the form of the property `contract`.

        Raises DerivationError for a constraint that nothing would enforce.
        """
        found = constraints(target)
        enforced = {name for kind in types_of(target) for name in ENFORCED.get(kind, {})}
        for name in found:
            keyword = _as_written(target, name)
            if name not in enforced:
                raise target.error(f"{keyword!r} would be enforced nowhere")
            self.losses[Loss(target.source, f"{target.pointer}/{keyword}", keyword, BY_CONTRACT)] = None
        for keyword, name in (("items", "items"), ("additionalProperties", "values")):
            if isinstance(target.node.get(keyword), dict):
                inner = self.contract(follow(target.child(keyword)))
                if inner:
                    found[name] = inner
        return found


def require_unbounded(target: Place, what: str) -> None:
    """Raise DerivationError if the node has a constraint although its Avro type takes none."""
    for keyword in constraints(target):
        raise target.error(f"{keyword!r} of {what} would be enforced nowhere")


def _as_written(target: Place, name: str) -> str:
    """The keyword in the file for the name of a constraint."""
    other = {"enum": "const", "multipleOf": "divisibleBy"}.get(name, name)
    if name in ("exclusiveMinimum", "exclusiveMaximum"):
        return name
    return name if name in target.node else other
