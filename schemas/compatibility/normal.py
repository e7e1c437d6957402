"""Reading an Avro schema into one spelling, and saying what is none (the specification's "Schema Declaration")."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from typing import Any

from avrogate.errors import ContractError
from schemas.compatibility.avro import NAMED, PRIMITIVES, Avro, Schema, kind_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
DEEPEST = 64  # nobody nests so far; a schema that does would end in a RecursionError


class InvalidAvro(ContractError):
    """A text is no Avro schema; `pointer` is the JSON pointer of the place."""

    def __init__(self, message: str, pointer: str) -> None:
        super().__init__(message)
        self.pointer = pointer


def normalize(schema: Schema, *, external: bool = False) -> Avro:
    """The schema in one spelling. With `external` it may name types that are defined elsewhere.

    Raises InvalidAvro for the first thing that Avro does not allow.
    """
    reading = _Reading()
    avro = Avro(reading.schema(schema, "", ""), reading.types)
    for name, pointer in reading.named:
        if not external and avro.resolve(name) is name:
            raise InvalidAvro(f"there is no type {name!r}", pointer)
    return avro


class _Reading:
    def __init__(self) -> None:
        self.types: dict[str, Mapping[str, Any]] = {}
        self.named: list[tuple[str, str]] = []
        self.depth = 0

    def schema(self, node: Any, space: str, pointer: str) -> Schema:
        self.depth += 1
        if self.depth > DEEPEST:
            raise InvalidAvro(f"the schema is nested more than {DEEPEST} deep", pointer)
        try:
            if isinstance(node, str):
                return self._name(node, space, pointer)
            if isinstance(node, list):
                return self._union(node, space, pointer)
            if isinstance(node, Mapping) and "type" in node:
                return self._object(node, space, pointer)
        finally:
            self.depth -= 1
        raise InvalidAvro("this is no schema: a name, a list of schemas, or an object with a type", pointer)

    def _name(self, name: str, space: str, pointer: str) -> str:
        if name in PRIMITIVES:
            return name
        full = qualified(name, space, pointer)
        self.named.append((full, pointer))
        return full

    def _union(self, node: list[Any], space: str, pointer: str) -> list[Schema]:
        branches = [self.schema(one, space, f"{pointer}/{index}") for index, one in enumerate(node)]
        kinds = [one["name"] if kind_of(one) in NAMED else kind_of(one) for one in branches]
        for index, kind in enumerate(kinds):
            if kind == "union" or kind in kinds[:index]:
                raise InvalidAvro(f"a union may not hold {kind} twice, nor another union", f"{pointer}/{index}")
        return branches

    def _object(self, node: Mapping[str, Any], space: str, pointer: str) -> Schema:
        kind = node["type"]
        if not isinstance(kind, str):  # {"type": {"type": "long"}}: a wrapper, which some generators write
            inner = self.schema(kind, space, f"{pointer}/type")
            return {**node, **inner} if isinstance(inner, Mapping) else inner
        if kind in NAMED:
            return self._definition(node, space, pointer)
        if kind in ("array", "map"):
            key = "items" if kind == "array" else "values"
            if key not in node:
                raise InvalidAvro(f"the {kind} says no {key}", pointer)
            return {**node, key: self.schema(node[key], space, f"{pointer}/{key}")}
        return dict(node) if kind in PRIMITIVES else self._name(kind, space, f"{pointer}/type")

    def _definition(self, node: Mapping[str, Any], space: str, pointer: str) -> Schema:
        space = _text(node.get("namespace", space), f"{pointer}/namespace")
        full = qualified(_text(node.get("name"), f"{pointer}/name"), space, f"{pointer}/name")
        if full in self.types:
            raise InvalidAvro(f"{full} is defined twice", f"{pointer}/name")
        space = full.rpartition(".")[0]
        aliases = [qualified(_text(one, pointer), space, pointer) for one in _list(node.get("aliases", []), pointer)]
        named: dict[str, Any] = {**node, "name": full, "aliases": aliases}
        self.types[full] = named
        match node["type"]:
            case "enum":
                _check_symbols(_list(node.get("symbols"), f"{pointer}/symbols"), node.get("default"), pointer)
            case "fixed":
                if not isinstance(node.get("size"), int) or node["size"] < 0:
                    raise InvalidAvro("a fixed needs a size", f"{pointer}/size")
            case _:
                named["fields"] = self._fields(_list(node.get("fields"), f"{pointer}/fields"), space, pointer)
        return named

    def _fields(self, fields: list[Any], space: str, pointer: str) -> list[dict[str, Any]]:
        read: dict[str, dict[str, Any]] = {}
        for index, one in enumerate(fields):
            place = f"{pointer}/fields/{index}"
            if not isinstance(one, Mapping) or "type" not in one:
                raise InvalidAvro("a field is an object with a name and a type", place)
            name = qualified(_text(one.get("name"), f"{place}/name"), "", f"{place}/name")
            if name in read:
                raise InvalidAvro(f"there are two fields {name!r}", place)
            aliases = [_text(alias, place) for alias in _list(one.get("aliases", []), place)]
            read[name] = {**one, "aliases": aliases, "type": self.schema(one["type"], space, f"{place}/type")}
        return list(read.values())


def qualified(name: str, space: str, pointer: str) -> str:
    """The full name of `name` within a namespace. Raises InvalidAvro if it is no legal name."""
    if not _NAME.fullmatch(name):
        raise InvalidAvro(f"{reprlib.repr(name)} is no legal Avro name", pointer)
    return name if "." in name or not space else f"{space}.{name}"


def _check_symbols(symbols: list[Any], default: Any, pointer: str) -> None:
    for index, symbol in enumerate(symbols):
        if not isinstance(symbol, str) or "." in symbol or not _NAME.fullmatch(symbol) or symbol in symbols[:index]:
            message = f"symbols are legal names, each once; {reprlib.repr(symbol)} is not"
            raise InvalidAvro(message, f"{pointer}/symbols/{index}")
    if default is not None and default not in symbols:
        raise InvalidAvro(f"the default {reprlib.repr(default)} is no symbol", f"{pointer}/default")


def _text(value: Any, pointer: str) -> str:
    if not isinstance(value, str):
        raise InvalidAvro(f"expected a text, found {reprlib.repr(value)}", pointer)
    return value


def _list(value: Any, pointer: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidAvro(f"expected a list, found {reprlib.repr(value)}", pointer)
    return value
