"""From an Avro schema with its contract properties to one object that holds events to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from avrogate.errors import CatalogError
from schemas.contract.constraints import ARRAY, NUMBER, TEXT, compile_checks
from schemas.contract.quick import quick_check, quick_record
from schemas.contract.scalars import Binary, Double, Dropped, Money, Symbol, Text, Truth, Value, Whole
from schemas.contract.structures import Array, Either, Field, Map, Nullable, Record, is_record


@dataclass(frozen=True)
class Contract:
    """One version of an event's contract."""

    root: Record

    def to_record(self, event: Any, dropped: Dropped = None) -> dict[str, Any]:
        """Check a JSON event against the whole contract and turn it into a record.

        Numbers may be int, Decimal or float (read by its shortest text). Unknown fields are refused, or
        left out and appended to `dropped` if it is a list.

        Raises InvalidEvent that names the field and what is wrong with it.
        """
        record = self._quick_record(event)
        return self.root.from_json(event, dropped) if record is None else record

    def check(self, record: Mapping[str, Any]) -> None:
        """Raise InvalidEvent if a record breaks a bound, as one that others wrote may."""
        if not self._quick_check(record):
            self.root.check(record)

    @cached_property
    def _quick_record(self) -> Callable[[Any], dict[str, Any] | None]:
        return quick_record(self.root)

    @cached_property
    def _quick_check(self) -> Callable[[Any], bool | None]:
        return quick_check(self.root)

    def to_event(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON event of a record: `to_record`'s inverse, but for trailing zeros of money."""
        return self.root.to_json(record)

    def has(self, path: Sequence[str]) -> bool:
        """Whether records have a field at this path of Avro names."""
        return self.json_path(path) is not None

    def json_path(self, path: Sequence[str]) -> str | None:
        """The dotted JSON path of a path of Avro names, or None if there is no such field."""
        names = []
        value: Value = self.root
        for name in path:
            field = next((field for field in value.fields if field.name == name), None) if is_record(value) else None
            if field is None:
                return None
            names.append(field.json_name)
            value = field.value.value if isinstance(field.value, Nullable) else field.value
        return ".".join(names)


def compile_contract(schema: Mapping[str, Any]) -> Contract:
    """Compile the contract of a derived Avro schema, references written out (`SchemaVersion.resolved`).

    Raises CatalogError for an Avro schema that no derivation makes.
    """
    return Contract(_Compiler({}).record(schema))


@dataclass
class _Compiler:
    named: dict[str, Value]

    def record(self, schema: Mapping[str, Any], namespace: str = "") -> Record:
        namespace = schema.get("namespace", namespace)
        fields = tuple(self.field(field, namespace) for field in schema["fields"])
        record = Record(fields, frozenset(field.json_name for field in fields))
        self.named[f"{namespace}.{schema['name']}"] = record
        return record

    def field(self, field: Mapping[str, Any], namespace: str) -> Field:
        avro = field["type"]
        nullable = field.get("json-null") is True
        optional = field.get("json-optional") is True or (_has_null(avro) and not nullable)
        branches = [branch for branch in avro if branch != "null"] if isinstance(avro, list) else [avro]
        factor = 1000 if field.get("json-unit") == "seconds" else 1
        contract = field.get("contract", {})
        value = _one([self.value(branch, contract, factor, namespace) for branch in branches])
        value = Nullable(value) if nullable else value
        return Field(field["name"], field["json-name"], optional, value, field.get("default") if optional else None)

    def value(self, avro: Any, contract: Mapping[str, Any], factor: int, namespace: str) -> Value:
        if isinstance(avro, list):
            value = _one([self.value(branch, contract, factor, namespace) for branch in avro if branch != "null"])
            return Nullable(value) if _has_null(avro) else value
        kind = avro["type"] if isinstance(avro, dict) else avro
        match kind:
            case "string":
                return Text(compile_checks(contract, TEXT))
            case "long":
                return Whole(compile_checks(contract, NUMBER), factor)
            case "double":
                return Double(compile_checks(contract, NUMBER))
            case "boolean":
                return Truth()
            case "bytes" if isinstance(avro, dict):
                bounds = compile_checks(contract, NUMBER)
                return Money(bounds, avro["precision"], avro["scale"], avro.get("rounding") == "half-even")
            case "bytes":
                return Binary()
            case _:
                return self.structure(avro, kind, contract, namespace)

    def structure(self, avro: Any, kind: str, contract: Mapping[str, Any], namespace: str) -> Value:
        match kind:
            case "enum":
                symbol = Symbol(avro["json-symbols"])
                self.named[f"{namespace}.{avro.get('name')}"] = symbol
                return symbol
            case "array":
                items = self.value(avro["items"], contract.get("items", {}), 1, namespace)
                return Array(items, compile_checks(contract, ARRAY))
            case "map":
                return Map(self.value(avro["values"], contract.get("values", {}), 1, namespace))
            case "record":
                return self.record(avro, namespace)
            case name if name in self.named:
                return self.named[name]
            case _:
                raise CatalogError(f"no contract can be made of the Avro type {kind!r}")


def _has_null(avro: Any) -> bool:
    return isinstance(avro, list) and "null" in avro


def _one(values: list[Value]) -> Value:
    if len(values) == 1:
        return values[0]
    text = next((value for value in values if isinstance(value, Text)), None)
    number = next((value for value in values if isinstance(value, Whole)), None)
    if len(values) != 2 or text is None or number is None:
        raise CatalogError("a union is of a string and a whole number, or of null and one other type")
    return Either(text, number)
