"""The raw and the enriched schema side by side: the scalars of both by their path, and what is between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Codec
from schemas.contract.scalars import Value
from schemas.contract.structures import Nullable, is_record

PLAIN = {"null", "long", "string", "bytes", "boolean", "double"}
# a union's index and an enum's are one byte
ONE_BYTE = 64


class Unfit(Exception):
    """The event has no batch form: it is read one by one."""


@dataclass(frozen=True)
class Leaf:
    """One scalar of a schema. `types` are its branches, `options` the Avro field with its contract."""

    path: str
    avro: Any
    types: tuple[str, ...]
    union: bool
    symbols: tuple[str, ...]
    options: Mapping[str, Any]
    value: Value

    @property
    def alike(self) -> tuple[Any, ...]:
        """Equal if the same value has the same bytes."""
        return self.types, self.union, self.symbols, self.options.get("json-unit")


@dataclass(frozen=True)
class Inner:
    """A record inside; `null` is the index of null in its union, if it may be absent."""

    path: str
    null: int | None
    parts: tuple[Leaf | Inner, ...]


@dataclass
class Shape:
    """A record's parts in the order of its fields, its leaves by path, and the paths of the records in it."""

    parts: tuple[Leaf | Inner, ...]
    leaves: dict[str, Leaf] = field(default_factory=dict)
    inners: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, codec: Codec) -> Shape:
        """The shape of a version. Raises Unfit if it has arrays, maps, or unions of more than these make."""
        schema = codec.version.resolved
        parts = tuple(_parts(schema, codec.contract.root.fields, "", "", {}))
        shape = cls(parts)
        shape._collect(parts)
        return shape

    def _collect(self, parts: tuple[Leaf | Inner, ...]) -> None:
        for part in parts:
            if isinstance(part, Inner):
                self.inners.add(part.path)
                self._collect(part.parts)
            else:
                self.leaves[part.path] = part


def _parts(
    schema: Mapping[str, Any], values: Any, space: str, above: str, named: dict[str, Any]
) -> Iterator[Leaf | Inner]:
    space = schema.get("namespace", space)
    _name(schema, space, named)
    for avro, contract in zip(schema["fields"], values, strict=True):
        path = above + avro["name"]
        value = contract.value.value if isinstance(contract.value, Nullable) else contract.value
        branches = avro["type"] if isinstance(avro["type"], list) else [avro["type"]]
        found = [_resolved(branch, space, named) for branch in branches]
        if is_record(value):
            record = next((one for one in found if isinstance(one, dict) and one.get("type") == "record"), None)
            others = [one for one in found if one is not record]
            if record is None or others not in ([], ["null"]):
                raise Unfit(path)
            null = found.index("null") if others else None
            yield Inner(path, null, tuple(_parts(record, value.fields, space, f"{path}.", named)))
        else:
            yield _leaf(path, avro, found, contract.value)


def _leaf(path: str, avro: Mapping[str, Any], found: list[Any], value: Value) -> Leaf:
    types, symbols = [], ()
    for one in found:
        kind = one["type"] if isinstance(one, dict) else one
        if kind == "enum":
            symbols = tuple(one["symbols"])
        elif kind not in PLAIN:
            raise Unfit(path)
        types.append(kind)
    if len(symbols) >= ONE_BYTE:
        raise Unfit(path)
    union = isinstance(avro["type"], list)
    return Leaf(path, found if union else found[0], tuple(types), union, symbols, avro, value)


def _resolved(avro: Any, space: str, named: dict[str, Any]) -> Any:
    """A type in full, which may be named elsewhere."""
    if isinstance(avro, str) and avro not in PLAIN:
        full = avro if "." in avro else f"{space}.{avro}"
        if full not in named:
            raise Unfit(avro)
        return named[full]
    if isinstance(avro, dict) and "name" in avro:
        _name(avro, avro.get("namespace", space), named)
    return avro


def _name(schema: Mapping[str, Any], space: str, named: dict[str, Any]) -> None:
    named[schema["name"] if "." in schema["name"] else f"{space}.{schema['name']}"] = schema
