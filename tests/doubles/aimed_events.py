"""Hypothesis strategies for events that break one keyword of a JSON Schema and nothing else, whichever keyword.

An aim says where in the event a value is changed, and how; `aims` has one for each keyword of a node. What an aim
needs of valid values it takes from outside: strategies by a place's steps in the schema (`generated_events`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from hypothesis import strategies as st

Steps = tuple[str, ...]
Values = Mapping[Steps, st.SearchStrategy[Any]]
Change = Callable[[Any], Any]
Changes = st.SearchStrategy[Change]


class Node(Protocol):
    """A place of the schema (`schema_places.Node`)."""

    steps: Steps
    exact: dict[str, Any]
    kinds: list[str]
    required: list[str]
    keywords: list[Steps]

    def broken_by(self, value: Any) -> set[str]: ...


@dataclass(frozen=True)
class Aim:
    """A way to break one keyword (`path`), or to give the encoder alone a `reason` to refuse, at one place."""

    path: Steps
    at: Steps
    changes: Changes
    reason: str | None = None


ANY = {
    "null": st.none(),
    "boolean": st.booleans(),
    "integer": st.integers(0, 99),
    "number": st.decimals(0, 99, places=1),
    "string": st.sampled_from(["", "1", "true", "null", "2025-01-31"]),
    "array": st.lists(st.integers(0, 9), max_size=2),
    "object": st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), max_size=2),
}
TEXT = st.characters(exclude_categories=["Cs"])
NOT_BASE64 = ("?", "a", "YQ=", "YQ", "YQ==\n", "é", "_-8=")
HALVES = ("\ud800", "\udfff")


def aims(node: Node, valid: Values) -> Iterator[Aim]:
    """One for each keyword of the node that can be broken; what only applies other keywords has none."""
    for path in node.keywords:
        if len(path) == len(node.steps) + 2:
            yield Aim(path, node.steps, st.just(path[-1]).map(_without))
        elif path[-1] == "properties" or isinstance(node.exact[path[-1]], dict):
            continue
        elif path[-1] == "additionalProperties":
            yield Aim(path, node.steps, _stray(node))
        elif path[-1] in ("minItems", "maxItems", "uniqueItems"):
            yield Aim(path, node.steps, _new(_lists(path[-1], node.exact, valid[(*node.steps, "items")])))
        else:
            yield Aim(path, node.steps, _new(_only(node, path[-1], _values(node, path[-1], valid[node.steps]))))


def stricter_aims(node: Node, reason: str, valid: Values) -> Iterator[Aim]:
    """At most one: what JSON Schema accepts here and the encoder refuses for `reason`."""
    if "object" in node.kinds:
        name, values = st.sampled_from(HALVES), valid[(*node.steps, "additionalProperties")]
        yield Aim(node.steps, node.steps, st.tuples(name, values).map(_with), reason)
        return
    found = [value for value in _beyond(node, reason) if not node.broken_by(value)]
    if found:
        yield Aim(node.steps, node.steps, _new(st.sampled_from(found)), reason)


@st.composite
def aimed(draw: st.DrawFn, event: Any, aim: Aim, valid: Values) -> Any:
    """The event, changed as the aim says. What is absent on the way there is added first."""
    return _changed(draw, event, aim.at, (), draw(aim.changes), valid)


@st.composite
def kept(draw: st.DrawFn, event: Any, at: Steps, valid: Values) -> Any:
    """The event with another valid value at a place."""
    other = draw(valid[at])
    return _changed(draw, event, at, (), lambda _: other, valid)


def _changed(draw: st.DrawFn, here: Any, ahead: Steps, behind: Steps, change: Change, valid: Values) -> Any:
    if not ahead:
        return change(here)
    count = 2 if ahead[0] == "properties" else 1
    key: Any = ahead[count - 1]
    behind = (*behind, *ahead[:count])
    if ahead[0] != "properties" and here:
        key = draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
    inner = here.get(key) if isinstance(here, dict) else here[key] if here else None
    if inner is None:
        inner = draw(valid[behind])
    inner = _changed(draw, inner, ahead[count:], behind, change, valid)
    if isinstance(here, dict):
        return {**here, key: inner}
    return [*here[:key], inner, *here[key + 1 :]] if here else [inner]


def _new(values: st.SearchStrategy[Any]) -> Changes:
    return values.map(lambda value: lambda _: value)


def _without(name: str) -> Change:
    return lambda event: {key: value for key, value in event.items() if key != name}


def _with(pair: tuple[str, Any]) -> Change:
    return lambda event: {**event, pair[0]: pair[1]}


def _stray(node: Node) -> Changes:
    """One key too many, often one that looks like another."""
    known = list(node.exact.get("properties", {}))
    alike = {change(name) for name in known for change in (str.upper, str.title, lambda name: f" {name}")}
    alike |= {name.replace(*pair) for name in known for pair in (("-", "_"), ("_", "-"))} | {""}
    names = st.sampled_from(sorted(alike - set(known))) | st.text(max_size=9).filter(lambda name: name not in known)
    return st.tuples(names, st.one_of(*ANY.values())).map(_with)


def _only(node: Node, keyword: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The values that break this keyword alone; but beside enum or const, nothing is broken alone."""
    return values.filter(lambda value: node.broken_by(value) - {"enum", "const"} == {keyword} - {"enum", "const"})


def _values(node: Node, keyword: str, valid: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    limit = node.exact[keyword]
    match keyword:
        case "type":
            allowed = {*node.kinds, *(["integer"] if "number" in node.kinds else [])}
            return st.one_of([values for kind, values in ANY.items() if kind not in allowed])
        case "enum" | "const":
            return _others(limit if isinstance(limit, list) else [limit])
        case "minLength":
            return _texts(node, valid, 0, limit - 1)
        case "maxLength":
            return _texts(node, valid, limit + 1, limit + 3)
        case "pattern" | "format":
            shortest, longest = node.exact.get("minLength", 0), node.exact.get("maxLength", 50)
            others = st.text(TEXT, min_size=shortest, max_size=longest).map(str.upper)
            return _scratched(valid.filter(lambda value: isinstance(value, str))) | others
        case "multipleOf" | "divisibleBy":
            numbers = valid.filter(lambda value: isinstance(value, int | Decimal))
            off = st.integers(1, 9).map(lambda units: units * _unit(node))
            return st.builds(lambda number, more: _number(node, Fraction(number) + more), numbers, off)
        case _:
            return _past(node, keyword)


def _others(values: list[Any]) -> st.SearchStrategy[Any]:
    """Values like those of an enum, and of their type, but other ones."""
    if isinstance(values[0], int):
        near = [number + step for number in values if number is not None for step in (-1, 1)]
        return (st.sampled_from(near) | st.integers(-(2**40), 2**40)).filter(lambda number: number not in values)
    texts = [text for text in values if text is not None]
    near = [change(text) for text in texts for change in (str.upper, str.title, lambda text: text + " ")]
    near += [text.replace("-", "_") for text in texts] + [text[:-1] for text in texts]
    return (st.sampled_from(near) | st.text(TEXT, max_size=20)).filter(lambda text: text not in values)


def _texts(node: Node, valid: st.SearchStrategy[Any], shortest: int, longest: int) -> st.SearchStrategy[str]:
    """Texts of the wrong length, stretched or cut from valid ones where there is a pattern to keep."""
    if not node.exact.keys() & {"pattern", "format"}:
        return st.builds(lambda char, length: char * length, TEXT, st.integers(shortest, longest))
    texts = valid.filter(lambda value: isinstance(value, str) and value != "")
    lengths = st.integers(shortest, longest)
    return st.builds(lambda text, length: (text * math.ceil(length / len(text)))[:length], texts, lengths)


def _scratched(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Valid texts with one character replaced, the first one or the last most of all."""
    places = st.sampled_from([0, 0, -1]) | st.integers(1, 40)
    return st.builds(_replaced, texts, places, st.sampled_from("9A- \n٣g") | TEXT)


def _replaced(text: str, at: int, char: str) -> str:
    at %= len(text) or 1
    return text[:at] + char + text[at + 1 :]


def _lists(keyword: str, node: dict[str, Any], items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    unique = repr if node.get("uniqueItems") else None
    least, most = node.get("minItems", 0), node.get("maxItems", node.get("minItems", 0) + 3)
    match keyword:
        case "minItems":
            return st.lists(items, max_size=least - 1, unique_by=unique)
        case "maxItems":
            return st.lists(items, min_size=most + 1, max_size=most + 3, unique_by=unique)
        case _:
            lists = st.lists(items, min_size=max(1, least - 1), max_size=most - 1, unique_by=unique)
            return st.tuples(lists, st.integers(0, 9)).map(lambda pair: [*pair[0], pair[0][pair[1] % len(pair[0])]])


def _past(node: Node, keyword: str) -> st.SearchStrategy[Any]:
    """Numbers past a bound, those next to it above all, and no further from a multiple than the node allows."""
    sign = 1 if keyword in ("maximum", "exclusiveMaximum") else -1
    exclusive = keyword.startswith("exclusive")
    limit = node.exact[keyword.replace("exclusiveM", "m") if node.exact[keyword] is True else keyword]
    factor = Fraction(node.exact.get("multipleOf", node.exact.get("divisibleBy", _unit(node))))
    unit = Fraction(
        math.lcm(_unit(node).numerator, factor.numerator), math.gcd(_unit(node).denominator, factor.denominator)
    )
    edge = sign * Fraction(limit) / unit
    first = math.ceil(edge) if exclusive else math.floor(edge) + 1
    further = st.sampled_from([0, 0, 1]) if exclusive else st.just(0) | st.integers(1, 10**4)
    return further.map(lambda steps: _number(node, sign * (first + steps) * unit))


def _unit(node: Node) -> Fraction:
    """The least step of the numbers here that their Avro type keeps."""
    places = node.exact.get("x-avro", {}).get("scale", 2) if "number" in node.kinds else 0
    return Fraction(1, 10**places)


def _number(node: Node, value: Fraction) -> int | Decimal:
    """A number of the node's type, exact: a quotient of decimals would be rounded."""
    if "number" not in node.kinds:
        return int(value)
    places = next(places for places in range(100) if (value * 10**places).denominator == 1)
    return Decimal(f"{int(value * 10**places)}E-{places}")


def _beyond(node: Node, reason: str) -> Iterator[Any]:
    """Candidates for what the encoder alone refuses."""
    avro = node.exact.get("x-avro", {})
    match reason:
        case "invalid-text":
            for length in range(node.exact.get("minLength", 0) + 1):
                yield from ("a" * length + half for half in HALVES)
        case "not-base64":
            yield from NOT_BASE64
        case "too-many-decimals":
            yield from (Decimal(f"{whole}.{'0' * avro['scale']}7") for whole in range(-2, 100))
        case "out-of-range":
            factor = int(node.exact.get("multipleOf", node.exact.get("divisibleBy", 1))) or 1
            for size in _sizes(node, avro):
                yield from (sign * (size + more * factor - size % factor) for more in (1, 2) for sign in (1, -1))
        case _:
            raise ValueError(f"nothing is known to be refused for {reason}")


def _sizes(node: Node, avro: dict[str, Any]) -> tuple[int, ...]:
    """The last numbers that fit, or nearly, and one that is far from it."""
    if "number" in node.kinds:
        return (10 ** (avro["precision"] - avro["scale"]),) if "precision" in avro else (18 * 10**307, 10**400)
    return (2**63 // 1000 if avro.get("unit") == "seconds" else 2**63, 10**25)
