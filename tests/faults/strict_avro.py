"""Avro binary to and from records, written from the Avro specification alone and strict about it.

It shares nothing with the code that it judges. A value is what a record of Avrogate has: a timestamp in milliseconds,
a decimal as Decimal, an enum's symbol, a union's bare value.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any

Read = Callable[[bytes, int], tuple[Any, int]]
Write = Callable[[Any, bytearray], None]
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
FLOAT, DOUBLE = struct.Struct("<f"), struct.Struct("<d")
INT = range(-(2**31), 2**31)


class Malformed(ValueError):
    """Bytes that the Avro specification does not allow for the schema. `reason` is the dead letter's code."""

    def __init__(self, message: str, reason: str = "undecodable") -> None:
        super().__init__(message)
        self.reason = reason


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """Zig-zag, seven bits per byte, the lowest first; 64 bits, so ten bytes at most."""
    byte = data[at]
    at += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at
    number, shift = byte & 0x7F, 7
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 63:
            raise Malformed("a number of more than ten bytes")
    if number >> 64:
        raise Malformed("a number of more than 64 bits")
    return (number >> 1) ^ -(number & 1), at


def read_int(data: bytes, at: int) -> tuple[int, int]:
    """The same, of 32 bits."""
    number, at = read_long(data, at)
    if number not in INT:
        raise Malformed("an int of more than 32 bits")
    return number, at


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """A length and as many bytes."""
    length, at = read_long(data, at)
    return _take(data, at, length)


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """Bytes that are UTF-8."""
    content, at = read_bytes(data, at)
    return content.decode("utf-8"), at


def read_boolean(data: bytes, at: int) -> tuple[bool, int]:
    """One byte, 0 or 1."""
    if data[at] > 1:
        raise Malformed("a boolean that is neither 0 nor 1")
    return data[at] == 1, at + 1


def _take(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    if length < 0:
        raise Malformed("a negative length")
    end = at + length
    if end > len(data):
        raise Malformed("the bytes end within a value")
    return data[at:end], end


def _float(layout: struct.Struct) -> Read:
    def read(data: bytes, at: int) -> tuple[float, int]:
        content, at = _take(data, at, layout.size)
        return layout.unpack(content)[0], at

    return read


SCALARS: dict[str, Read] = {
    "null": lambda data, at: (None, at),
    "boolean": read_boolean,
    "int": read_int,
    "long": read_long,
    "float": _float(FLOAT),
    "double": _float(DOUBLE),
    "bytes": read_bytes,
    "string": read_string,
}


def decode(read: Read, body: bytes) -> Any:
    """The one record in the bytes. Raises Malformed."""
    try:
        record, at = read(body, 0)
    except IndexError as error:
        raise Malformed("the bytes end within a value") from error
    except UnicodeDecodeError as error:
        raise Malformed(f"a string that is not UTF-8: {error}") from error
    if at != len(body):
        raise Malformed(f"{len(body) - at} bytes are left over", "trailing-bytes")
    return record


def reader(schema: Any, named: dict[str, Read], space: str = "") -> Read:
    """What reads a value of an Avro schema. Named types are looked up in `named`, and added to it."""
    if isinstance(schema, list):
        return _union([reader(branch, named, space) for branch in schema])
    if isinstance(schema, str):
        return SCALARS.get(schema) or named[_full(schema, space)]
    kind = schema["type"]
    if kind in ("record", "enum", "fixed"):
        space = schema.get("namespace", space)
        made: Read
        if kind == "record":
            made = _record(schema, named, space)
        else:
            made = _enum(schema) if kind == "enum" else _fixed(schema["size"])
        named[_full(schema["name"], space)] = made
        return made
    if kind == "array":
        return _array(reader(schema["items"], named, space))
    if kind == "map":
        return _map(reader(schema["values"], named, space))
    if schema.get("logicalType") == "decimal":
        return _decimal(reader(kind, named, space), schema.get("scale", 0))
    return reader(kind, named, space)


def _full(name: str, space: str) -> str:
    return name if "." in name or not space else f"{space}.{name}"


def _record(schema: Any, named: dict[str, Read], space: str) -> Read:
    fields = [(field["name"], reader(field["type"], named, space)) for field in schema["fields"]]

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        record = {}
        for name, read_field in fields:
            record[name], at = read_field(data, at)
        return record, at

    return read


def _enum(schema: Any) -> Read:
    symbols = schema["symbols"]

    def read(data: bytes, at: int) -> tuple[str, int]:
        index, at = read_int(data, at)
        if not 0 <= index < len(symbols):
            raise Malformed(f"symbol {index} of {len(symbols)}")
        return symbols[index], at

    return read


def _union(branches: list[Read]) -> Read:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        index, at = read_long(data, at)
        if not 0 <= index < len(branches):
            raise Malformed(f"branch {index} of {len(branches)}")
        return branches[index](data, at)

    return read


def _fixed(size: int) -> Read:
    return lambda data, at: _take(data, at, size)


def _decimal(read_content: Read, scale: int) -> Read:
    def read(data: bytes, at: int) -> tuple[Decimal, int]:
        content, at = read_content(data, at)
        if len(content) > 150 and len(content.lstrip(content[:1])) > 120:  # Python needs a minute for a megabyte
            return Decimal((content[0] >> 7, (1,), 2 * len(content.lstrip(content[:1])))), at
        return EXACT.scaleb(Decimal(int.from_bytes(content, "big", signed=True)), -scale), at

    return read


def _blocks(data: bytes, at: int, item: Callable[[int], int]) -> int:
    """Read blocks up to the empty one; `item` reads one item at a place and gives the next one's."""
    while True:
        count, at = read_long(data, at)
        if count == 0:
            return at
        end = None
        if count < 0:
            size, at = read_long(data, at)
            count, end = -count, at + size
        for _ in range(count):
            at = item(at)
        if end is not None and at != end:
            raise Malformed("a block of another size than it says")


def _array(read_item: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        items: list[Any] = []

        def item(place: int) -> int:
            value, place = read_item(data, place)
            items.append(value)
            return place

        return items, _blocks(data, at, item)

    return read


def _map(read_value: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}

        def item(place: int) -> int:
            key, place = read_string(data, place)
            found[key], place = read_value(data, place)
            return place

        end = _blocks(data, at, item)
        return found, end

    return read


def write_long(number: int, out: bytearray) -> None:
    """The shortest form of a whole number of 64 bits."""
    number = (number << 1) ^ (number >> 63)
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def write_bytes(content: bytes, out: bytearray) -> None:
    """A length and as many bytes."""
    write_long(len(content), out)
    out += content


def writer(schema: Any, named: dict[str, Write], space: str = "") -> Write:
    """What writes a value of an Avro schema, of the types that events have."""
    if isinstance(schema, list):
        return _write_union(schema, [writer(branch, named, space) for branch in schema])
    if isinstance(schema, str):
        return WRITERS.get(schema) or named[_full(schema, space)]
    kind = schema["type"]
    if kind in ("record", "enum"):
        space = schema.get("namespace", space)
        made = _write_record(schema, named, space) if kind == "record" else _write_enum(schema["symbols"])
        named[_full(schema["name"], space)] = made
        return made
    if schema.get("logicalType") == "decimal":
        return _write_decimal(schema["scale"])
    if kind == "array":
        return _write_array(writer(schema["items"], named, space))
    return WRITERS[kind]


WRITERS: dict[str, Write] = {
    "null": lambda value, out: None,
    "boolean": lambda value, out: out.append(value),
    "long": write_long,
    "bytes": write_bytes,
    "string": lambda value, out: write_bytes(value.encode(), out),
}


def _write_record(schema: Any, named: dict[str, Write], space: str) -> Write:
    fields = [(field["name"], writer(field["type"], named, space)) for field in schema["fields"]]

    def write(value: Any, out: bytearray) -> None:
        for name, write_field in fields:
            write_field(value[name], out)

    return write


def _write_array(write_item: Write) -> Write:
    def write(value: Any, out: bytearray) -> None:
        for item in value:
            write_long(1, out)
            write_item(item, out)
        write_long(0, out)

    return write


def _write_enum(symbols: list[str]) -> Write:
    return lambda value, out: write_long(symbols.index(value), out)


def _write_decimal(scale: int) -> Write:
    def write(value: Decimal, out: bytearray) -> None:
        units = int(EXACT.scaleb(value, scale))
        size = 1
        while not -(1 << 8 * size - 1) <= units < 1 << 8 * size - 1:
            size += 1
        write_bytes(units.to_bytes(size, "big", signed=True), out)

    return write


def _write_union(schema: list[Any], branches: list[Write]) -> Write:
    kinds = [branch if isinstance(branch, str) else branch["type"] for branch in schema]

    def write(value: Any, out: bytearray) -> None:
        wanted = {type(None): "null", str: "string", int: "long", bytes: "bytes"}.get(type(value))
        index = kinds.index(wanted) if wanted in kinds else kinds.index(next(k for k in kinds if k != "null"))
        write_long(index, out)
        branches[index](value, out)

    return write
