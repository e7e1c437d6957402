"""Java Avro as a writer and a reader of golden records, through py4j.

It parses the schema, the value (in Avro's JSON encoding) and the bytes by itself, with its own logical types.
"""

from __future__ import annotations

import json
from typing import Any


class JavaAvro:
    """Java Avro for one schema. `jvm` is a py4j view of a Java with pyspark's jars."""

    def __init__(self, jvm: Any, schema: dict[str, Any]) -> None:
        avro = jvm.org.apache.avro
        self._jvm = jvm
        self._schema = avro.Schema.Parser().parse(json.dumps(schema))
        data = avro.generic.GenericData()
        data.addLogicalTypeConversion(avro.Conversions.DecimalConversion())
        data.addLogicalTypeConversion(avro.data.TimeConversions.TimestampMillisConversion())
        self._reader = avro.generic.GenericDatumReader(self._schema, self._schema, data)
        self._writer = avro.generic.GenericDatumWriter(self._schema, data)
        self._decoders, self._encoders = avro.io.DecoderFactory.get(), avro.io.EncoderFactory.get()

    def write(self, avro: Any, value: Any) -> bytes:
        """Avro binary of a value in Avro's JSON encoding; a map's entries in the order in which they stand there."""
        record = self._reader.read(None, self._decoders.jsonDecoder(self._schema, json.dumps(value)))
        out = self._jvm.java.io.ByteArrayOutputStream()
        encoder = self._encoders.binaryEncoder(out, None)
        self._writer.write(self._in_order(avro, record, value), encoder)
        encoder.flush()
        body: bytes = out.toByteArray()
        return body

    def read(self, avro: Any, body: bytes) -> Any:
        """The record in the bytes. Raises ValueError if there are bytes behind it."""
        decoder = self._decoders.binaryDecoder(body, None)
        record = _told(avro, self._reader.read(None, decoder))
        if not decoder.isEnd():
            raise ValueError("bytes are left behind the record")
        return record

    def _in_order(self, avro: Any, found: Any, value: Any) -> Any:
        """The same value of Java's, with maps that keep their order: Java's reader makes hash maps."""
        if '"map"' not in json.dumps(avro) or value is None:
            return found
        if isinstance(avro, list):
            ((name, inside),) = value.items()
            branch = next(
                one for one in avro if isinstance(one, dict) and name in (one["type"], one.get("full-name"))
            )
            return self._in_order(branch, found, inside)
        if avro["type"] == "record":
            for field in avro["fields"]:
                name = field["name"]
                if '"map"' in json.dumps(field["type"]):
                    found.put(name, self._in_order(field["type"], found.get(name), value[name]))
        elif avro["type"] == "array":
            for place, item in enumerate(value):
                found.set(place, self._in_order(avro["items"], found.get(place), item))
        elif avro["type"] == "map":
            return self._linked(avro, found, value)
        return found

    def _linked(self, avro: Any, found: Any, value: dict[str, Any]) -> Any:
        linked = self._jvm.java.util.LinkedHashMap()
        keys = {key: self._jvm.org.apache.avro.util.Utf8(key) for key in value}
        for key in keys.values():
            linked.put(key, None)
        linked.putAll(found)  # a key that is there keeps its place
        if '"map"' in json.dumps(avro["values"]):
            for name, key in keys.items():
                linked.put(key, self._in_order(avro["values"], linked.get(key), value[name]))
        return linked


def _told(avro: Any, value: Any) -> Any:
    """A value of Java's in a record's terms; py4j has turned numbers, truths and BigDecimal into Python's."""
    if isinstance(avro, list):
        branches = [branch for branch in avro if branch != "null"]
        if value is None or len(branches) == 1:
            return None if value is None else _told(branches[0], value)
        return value if isinstance(value, int) else value.toString()
    kind = avro["type"] if isinstance(avro, dict) else avro
    if isinstance(avro, dict) and avro.get("logicalType") == "timestamp-millis":
        return value.toEpochMilli()
    match kind:
        case "string" | "enum":
            return value.toString()
        case "bytes":
            return value if isinstance(avro, dict) else bytes(value.array())
        case "record":
            return {field["name"]: _told(field["type"], value.get(field["name"])) for field in avro["fields"]}
        case "array":
            return [_told(avro["items"], item) for item in value]
        case "map":
            return {entry.getKey().toString(): _told(avro["values"], entry.getValue()) for entry in value.entrySet()}
        case _:
            return value
