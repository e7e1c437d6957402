"""Which scalars can be held to their contract where they stand, by numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from processors.batch.scan import Bounds
from processors.batch.shape import Leaf
from schemas.contract.constraints import NUMBER, TEXT

SIZES = {"minLength", "maxLength"}
RANGES = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
# of these any value is as good as another
FREE = {"null", "enum", "boolean"}


def bounds_of(*leaves: Leaf) -> dict[str, Bounds] | None:
    """By branch what holds a scalar to all these contracts (a raw and an enriched one); None if that takes more."""
    found: dict[str, Bounds] = {}
    for kind in leaves[0].types:
        if kind in FREE:
            continue
        each = [_bounds(kind, leaf) for leaf in leaves]
        if any(one is None for one in each):
            return None
        found[kind] = _both([one for one in each if one is not None])
    return found


def _bounds(kind: str, leaf: Leaf) -> Bounds | None:
    contract: Mapping[str, object] = leaf.options.get("contract", {})
    known, others = (SIZES, TEXT) if kind == "string" else (RANGES, NUMBER)
    limits = {name: contract[name] for name in contract.keys() & known}
    if contract.keys() & (others.keys() - known) or not all(type(limit) is int for limit in limits.values()):
        return None
    if kind == "string":
        return Bounds(_whole(limits.get("minLength")), _whole(limits.get("maxLength")))
    if kind != "long":
        return None
    above, below = _whole(limits.get("exclusiveMinimum")), _whole(limits.get("exclusiveMaximum"))
    least = _extreme(max, _whole(limits.get("minimum")), None if above is None else above + 1)
    most = _extreme(min, _whole(limits.get("maximum")), None if below is None else below - 1)
    return Bounds(least, most, 1000 if leaf.options.get("json-unit") == "seconds" else 1)


def _both(each: list[Bounds]) -> Bounds:
    least = _extreme(max, *(one.least for one in each))
    most = _extreme(min, *(one.most for one in each))
    return Bounds(least, most, each[0].factor)


def _extreme(choose: Callable[[list[int]], int], *limits: int | None) -> int | None:
    given = [limit for limit in limits if limit is not None]
    return choose(given) if given else None


def _whole(limit: object) -> int | None:
    return limit if type(limit) is int else None
