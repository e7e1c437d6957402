"""The Confluent wire format: byte 0, the schema id as 4 bytes big-endian, Avro binary.

Source: Confluent documentation, "Wire format".
"""

from __future__ import annotations

import struct

from avrogate.errors import WireFormatError

MAGIC = 0
PREFIX = struct.Struct(">bI")


def prefix(schema_id: int) -> bytes:
    """The five bytes in front of the Avro binary. Raises WireFormatError if the id needs more than 4 bytes."""
    try:
        return PREFIX.pack(MAGIC, schema_id)
    except struct.error as error:
        raise WireFormatError(f"schema id {schema_id} does not fit into 4 bytes", reason="unknown-schema") from error


def frame(schema_id: int, body: bytes) -> bytes:
    """Put Avro binary into the wire format. Raises WireFormatError if the id needs more than 4 bytes."""
    return prefix(schema_id) + body


def unframe(value: bytes | None) -> tuple[int, memoryview]:
    """Split a record's value into schema id and Avro binary.

    Raises WireFormatError with the reason `tombstone`, `empty-value`, `truncated` or `wrong-magic-byte`.
    """
    if value is None:
        raise WireFormatError("the record has no value", reason="tombstone")
    if not value:
        raise WireFormatError("the value is empty", reason="empty-value")
    if value[0] != MAGIC:
        raise WireFormatError(f"the value starts with byte {value[0]}, not {MAGIC}", reason="wrong-magic-byte")
    if len(value) < PREFIX.size:
        raise WireFormatError(f"{len(value)} bytes are too few for a schema id", reason="truncated")
    return PREFIX.unpack_from(value)[1], memoryview(value)[PREFIX.size :]
