"""Records to Avro binary as straight-line code, written once for each schema.

As in `schemas.contract.quick`, the code only takes what is plainly right: values of exactly the types that the schema
wants. For all else it gives nothing, and fastavro writes it, or says what is wrong with it. The bytes are fastavro's.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from schemas.contract.scalars import EXACT
from schemas.generated_code import NESTED, Code, Lines, doubt_if, indented

Write = Callable[[Any], bytes | None]
SMALL = 1024  # whole numbers below are looked up where they stand
STEP = 14  # bits of a number that two bytes hold
# the type in Python of each type of Avro
TYPES = {
    "boolean": "bool",
    "long": "int",
    "double": "float",
    "string": "str",
    "bytes": "bytes",
    "decimal": "Decimal",
    "enum": "str",
    "array": "list",
    "map": "dict",
    "record": "dict",
}
LOGICAL = {("long", "timestamp-millis"): "long", ("bytes", "decimal"): "decimal"}


class Unwritten(Exception):
    """A schema that is left to fastavro."""


def compile_write(schema: Mapping[str, Any], prefix: bytes) -> Write:
    """What writes a record of a schema (references written out) behind `prefix`, or gives None at a doubt."""
    try:
        return WriteCoder(Code(**helpers())).function(expanded(schema, {}), prefix)
    except Unwritten:
        return lambda record: None


@cache
def helpers() -> dict[str, Any]:
    """What the lines call."""
    number = number_writer()
    small = tuple(map(number, range(SMALL)))
    return {"Decimal": Decimal, "EXACT": EXACT, "number": number, "small": small, "pack": struct.Struct("<d").pack}


@cache
def number_writer() -> Callable[[int], bytes]:
    """What writes a whole number (zigzag, seven bits a byte); ValueError if it has more than 64 bits."""
    step, mask = 1 << STEP, (1 << STEP) - 1
    more = [bytes((low & 127 | 128, low >> 7 | 128)) for low in range(step)]
    last = [bytes((low & 127 | 128, low >> 7)) if low > 127 else bytes((low,)) for low in range(step)]

    def write(number: int) -> bytes:
        rest = number << 1 ^ number >> 63
        if rest < step:
            return last[rest]
        if rest >> 64:
            raise ValueError(f"{number} does not fit into 64 bits")
        written = more[rest & mask]
        while (rest := rest >> STEP) >= step:
            written += more[rest & mask]
        return written + last[rest]

    return write


def expanded(node: Any, named: dict[str, Any], space: str = "") -> Any:
    """The schema with each type as a mapping whose `type` is null or one of TYPES, also where it is only named.

    Raises Unwritten for what the coder does not know.
    """
    if isinstance(node, list):
        return [expanded(branch, named, space) for branch in node]
    if isinstance(node, str):
        node = {"type": node}
    kind = node["type"]
    if "logicalType" in node:
        kind = LOGICAL.get((kind, node["logicalType"]))
    if kind == "null" or kind in TYPES:
        space = node.get("namespace", space)
        result = node | {"type": kind}
        for inside in ("items", "values"):
            if inside in node:
                result[inside] = expanded(node[inside], named, space)
        if kind == "record":
            result["fields"] = [
                {"name": field["name"], "type": expanded(field["type"], named, space)} for field in node["fields"]
            ]
        if "name" in node:
            named[node["name"] if "." in node["name"] else f"{space}.{node['name']}"] = result
        return result
    for name in (kind, f"{space}.{kind}"):
        if isinstance(kind, str) and name in named:
            return named[name]
    raise Unwritten


class WriteCoder:
    """Writes the lines that write the value in a variable `x`.

    The lines raise at a doubt. Each method gives the lines, and appends expressions to `parts`: the value's bytes.
    """

    def __init__(self, code: Code) -> None:
        self.code = code

    def function(self, schema: dict[str, Any], prefix: bytes) -> Write:
        """The whole function for a schema."""
        parts = [self.code.constant(prefix)]
        lines = [*self.value(schema, "x", parts, 0)]
        return self.code.answer([*lines, f"return {joined(parts)}"])

    def value(self, node: Any, x: str, parts: list[str], level: int) -> Lines:
        """A value of any type."""
        if isinstance(node, list):
            yield from self._union(node, x, parts, level)
        elif node["type"] == "null":
            yield from doubt_if(f"{x} is not None")
        else:
            yield from doubt_if(f"type({x}) is not {TYPES[node['type']]}")
            yield from self.content(node, x, parts, level)

    def _union(self, branches: list[Any], x: str, parts: list[str], level: int) -> Lines:
        """The branch is the one whose type in Python the value has, so there must be one such branch at most."""
        types = [TYPES.get(branch["type"]) for branch in branches]
        if len({*types}) < len(types) or {"int", "float"} <= {*types}:
            raise Unwritten
        written = self.code.name()
        for index, (branch, kind) in enumerate(zip(branches, types, strict=True)):
            inside = [self.code.constant(number_writer()(index))]
            lines = [*self.content(branch, x, inside, level)] if kind else []
            condition = f"type({x}) is {kind}" if kind else f"{x} is None"
            yield f"{'elif' if index else 'if'} {condition}:"
            yield from indented([*lines, f"{written} = {joined(inside)}"])
        yield "else: raise Doubt"
        parts.append(written)

    def content(self, node: Any, x: str, parts: list[str], level: int) -> Lines:
        """The same for a value that is known to be of the right type."""
        match node["type"]:
            case "boolean":
                parts.append(f"({self.code.constant(bytes((1,)))} if {x} else {self.code.constant(bytes(1))})")
            case "long":
                parts.append(f"(small[{x}] if -1 < {x} < {SMALL} else number({x}))")
            case "double":
                parts.append(f"pack({x})")
            case "string":
                content = self.code.name()
                yield f"{content} = {x}.encode()"
                yield from self._sized(content, parts)
            case "bytes":
                yield from self._sized(x, parts)
            case "decimal":
                yield from self._decimal(node, x, parts)
            case "enum":
                indexes = {symbol: number_writer()(index) for index, symbol in enumerate(node["symbols"])}
                parts.append(f"{self.code.constant(indexes)}[{x}]")
            case _ if self.code.in_place(node, level):
                yield from self._structure(node, x, parts, level)
            case _:
                parts.append(f"{self.code.function_of(node, lambda: self._body(node))}({x})")

    def _body(self, node: Any) -> Lines:
        parts: list[str] = []
        yield from self._structure(node, "x", parts, 1)
        yield f"return {joined(parts)}"

    def _structure(self, node: Any, x: str, parts: list[str], level: int) -> Lines:
        if node["type"] == "record":
            for field in node["fields"]:
                content = self.code.name()
                yield f"{content} = {x}[{self.code.constant(field['name'])}]"
                yield from self.value(field["type"], content, parts, level + 1)
            if level:  # as one branch of a union a record may carry its own name, which fastavro looks at
                yield from doubt_if(f"len({x}) != {len(node['fields'])}")
            return
        key, item, found = self.code.name(), self.code.name(), self.code.name()
        inside: list[str] = []
        yield f"{found} = [number(len({x}))] if {x} else []"
        if node["type"] == "map":
            lines = [*self.value({"type": "string"}, key, inside, NESTED)]
            lines += self.value(node["values"], item, inside, NESTED)
            yield f"for {key}, {item} in {x}.items():"
        else:
            lines = [*self.value(node["items"], item, inside, NESTED)]
            yield f"for {item} in {x}:"
        yield from indented([*lines, f"{found} += ({', '.join([*inside, ''])})"])
        yield f"{found}.append({self.code.constant(bytes(1))})"
        parts.append(f"b''.join({found})")

    def _sized(self, content: str, parts: list[str]) -> Lines:
        size = self.code.name()
        yield f"{size} = len({content})"
        parts += [f"(small[{size}] if {size} < {SMALL} else number({size}))", content]

    def _decimal(self, node: Any, x: str, parts: list[str]) -> Lines:
        """Two's complement in as few bytes as it takes (see `schemas.codec`)."""
        units, content = self.code.name(), self.code.name()
        yield f"{content} = {x}.scaleb({self.code.constant(node['scale'])}, EXACT)"
        yield f"{units} = int({content})"
        yield from doubt_if(f"{units} != {content}")
        size = f"({units} if {units} >= 0 else ~{units}).bit_length() // 8 + 1"
        yield f"{content} = {units}.to_bytes({size}, 'big', signed=True)"
        yield from self._sized(content, parts)


def joined(parts: list[str]) -> str:
    """The expression of all parts, one behind the other."""
    return " + ".join(parts) if 0 < len(parts) <= 3 else f"b''.join(({', '.join(parts)}))"
