"""Records to and from Avro binary, one object per schema version."""

from __future__ import annotations

import io
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import fastavro
import fastavro.read
import fastavro.write
from fastavro.types import Schema

from avrogate.errors import InvalidEvent, WireFormatError
from schemas.contract import Contract, compile_contract
from schemas.contract.scalars import EXACT, HUGE, Dropped
from schemas.encoding import compile_encode
from schemas.strict import Walk, compile_walk
from schemas.versions import SchemaVersion
from schemas.wire_format import prefix
from schemas.writing import Write, compile_write

# decimals under a name of our own: fastavro then leaves them to the functions below
SHORTEST = "avrogate-decimal"


class Layout(NamedTuple):
    """A schema as fastavro reads with it, and what refuses the bytes that fastavro should not have read."""

    schema: Schema
    walk: Walk

    def read(self, content: bytes, reader: Schema | None = None) -> tuple[Any, int]:
        """One record, in another schema if one is given, and how many bytes come after it.

        Raises whatever the bytes lead fastavro to.
        """
        source = io.BytesIO(content)
        record = fastavro.schemaless_reader(source, self.schema, reader)
        self.walk(content, 0)
        return record, len(content) - source.tell()

    def write(self, record: Mapping[str, Any]) -> bytes:
        """A record in Avro binary."""
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self.schema, record)
        return out.getvalue()


class Codec:
    """Encodes and decodes one schema version, registered under `schema_id`.

    `event`, `record` and bytes: see `schemas.contract` for the two forms.
    """

    def __init__(self, version: SchemaVersion, schema_id: int) -> None:
        self.version = version
        self.schema_id = schema_id
        self._prefix = prefix(schema_id)
        self._own = parsed(version.resolved)

    @cached_property
    def contract(self) -> Contract:
        """The contract of this version."""
        return compile_contract(self.version.resolved)

    @cached_property
    def _quick_encode(self) -> Write:
        return compile_encode(self.contract.root, self.version.resolved, self._prefix)

    @cached_property
    def _quick_write(self) -> Write:
        return compile_write(self.version.resolved, self._prefix)

    def encode(self, event: Any, dropped: Dropped = None) -> bytes:
        """A JSON event in the wire format. Raises InvalidEvent that names the field (`Contract.to_record`)."""
        written = self._quick_encode(event)
        return self.write(self.contract.to_record(event, dropped)) if written is None else written

    def write(self, record: Mapping[str, Any]) -> bytes:
        """A record in the wire format; its bounds are not checked (`Contract.check` does)."""
        written = self._quick_write(record)
        return self._prefix + self._own.write(record) if written is None else written

    def read(self, body: bytes | memoryview, writer: Layout | None = None) -> dict[str, Any]:
        """The record in Avro binary that this version wrote, or another one: its schema `parsed`, as `writer`.

        Raises WireFormatError (`undecodable`, `trailing-bytes`) if the bytes are not exactly one record.
        """
        layout = writer or self._own
        try:
            record, rest = layout.read(bytes(body), self._own.schema if writer else None)
        except Exception as error:  # fastavro raises whatever the bytes lead it to
            said = str(error).partition(" from <_io.")[0]  # the same bytes have the same message: no address in it
            raise self._unreadable(f"{type(error).__name__}: {said}", "undecodable") from error
        if rest:
            raise self._unreadable(f"{rest} bytes too many", "trailing-bytes")
        result: dict[str, Any] = record
        return result

    def _unreadable(self, why: str, reason: str) -> WireFormatError:
        message = f"not a {self.version.record} of version {self.version.number}: {why}"
        return WireFormatError(message, reason=reason, schema_id=self.schema_id)


def parsed(schema: dict[str, Any]) -> Layout:
    """An Avro schema (references written out) as a codec reads with it."""
    return Layout(fastavro.parse_schema(_plain(schema)), compile_walk(schema))


def _plain(node: Any) -> Any:
    """The types as a codec writes them: timestamps as whole milliseconds, exact and quick; decimals as Java does."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if isinstance(node, dict):
        timestamp = node.get("logicalType") == "timestamp-millis"
        decimal = {"logicalType": SHORTEST} if node.get("logicalType") == "decimal" else {}
        return "long" if timestamp else {key: _plain(value) for key, value in node.items()} | decimal
    return node


def _decimal_bytes(value: Decimal, schema: Mapping[str, Any]) -> bytes:
    """Two's complement of the unscaled value in as few bytes as it takes, which is what Java's BigInteger gives.

    fastavro's own takes one more for -128, -32768 and so on. Raises ValueError for more places than the scale.
    """
    scaled = value.scaleb(schema["scale"], EXACT)
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"{value} has more than {schema['scale']} decimal places")
    return units.to_bytes(((units + (units < 0)).bit_length() + 8) // 8, "big", signed=True)


def _decimal(content: bytes, writer: Any, reader: Any) -> Decimal:
    units = int.from_bytes(content, "big", signed=True)
    if units.bit_length() > HUGE:  # past every precision; to write a megabyte out in digits would take a minute
        return Decimal((int(units < 0), (1,), units.bit_length() * 3 // 10))
    return Decimal(units).scaleb(-writer["scale"], EXACT)


fastavro.write.LOGICAL_WRITERS[f"bytes-{SHORTEST}"] = _decimal_bytes
fastavro.read.LOGICAL_READERS[f"bytes-{SHORTEST}"] = _decimal


__all__ = ["Codec", "InvalidEvent", "Layout", "WireFormatError", "parsed"]
