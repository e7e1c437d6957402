"""Records, arrays, maps, unions: the values that hold other values."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeGuard

from avrogate.errors import InvalidEvent
from schemas.contract.constraints import Bounds
from schemas.contract.scalars import Dropped, Value, check_unicode, wrong_type


@dataclass(frozen=True)
class Field:
    """One field of a record, under both its names. `default` stands in the record where JSON has no such key."""

    name: str
    json_name: str
    optional: bool
    value: Value
    default: Any = None


@dataclass(frozen=True)
class Record:
    """An object in JSON, closed: a field that is not here is refused, or dropped and reported."""

    fields: tuple[Field, ...]
    json_names: frozenset[str]

    def from_json(self, value: Any, dropped: Dropped) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise wrong_type(value, "an object")
        if not self.json_names.issuperset(value):
            self._unknown(value, dropped)
        record: dict[str, Any] = {}
        for field in self.fields:
            if field.json_name in value:
                before = len(dropped) if dropped else 0
                try:
                    record[field.name] = field.value.from_json(value[field.json_name], dropped)
                except InvalidEvent as error:
                    raise at(field.json_name, error) from error
                if dropped:
                    dropped[before:] = [f"{field.json_name}.{path}" for path in dropped[before:]]
            elif field.optional:
                record[field.name] = copy(field.default)
            else:
                raise InvalidEvent("is missing", reason="missing-field", field=field.json_name)
        return record

    def check(self, value: Mapping[str, Any]) -> None:
        for field in self.fields:
            content = value[field.name]
            if content is not None:
                try:
                    field.value.check(content)
                except InvalidEvent as error:
                    raise at(field.json_name, error) from error

    def to_json(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            field.json_name: field.value.to_json(value[field.name])
            for field in self.fields
            if value[field.name] is not None or not field.optional
        }

    def _unknown(self, value: Mapping[str, Any], dropped: Dropped) -> None:
        for name in value:
            if name not in self.json_names:
                if dropped is None:
                    raise InvalidEvent("the contract has no such field", reason="unknown-field", field=str(name))
                dropped.append(name)


@dataclass(frozen=True)
class Array:
    """A list of values of one type."""

    items: Value
    bounds: Bounds

    def from_json(self, value: Any, dropped: Dropped) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise wrong_type(value, "an array")
        self.bounds(value)
        result = []
        for index, item in enumerate(value):
            try:
                result.append(self.items.from_json(item, dropped))
            except InvalidEvent as error:
                raise at(str(index), error) from error
        return result

    def check(self, value: list[Any]) -> None:
        self.bounds(value)
        for index, item in enumerate(value):
            try:
                self.items.check(item)
            except InvalidEvent as error:
                raise at(str(index), error) from error

    def to_json(self, value: list[Any]) -> list[Any]:
        return [self.items.to_json(item) for item in value]


@dataclass(frozen=True)
class Map:
    """An object in JSON whose keys are data."""

    values: Value

    def from_json(self, value: Any, dropped: Dropped) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise wrong_type(value, "an object")
        result = {}
        for key, item in value.items():
            try:
                check_unicode(key)
                result[key] = self.values.from_json(item, dropped)
            except InvalidEvent as error:
                raise at(key, error) from error
        return result

    def check(self, value: Mapping[str, Any]) -> None:
        for key, item in value.items():
            try:
                self.values.check(item)
            except InvalidEvent as error:
                raise at(key, error) from error

    def to_json(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self.values.to_json(item) for key, item in value.items()}


@dataclass(frozen=True)
class Either:
    """A string or a whole number, told apart by the value itself."""

    text: Value
    number: Value

    def from_json(self, value: Any, dropped: Dropped) -> str | int:
        if isinstance(value, str):
            result: str | int = self.text.from_json(value, dropped)
        elif type(value) is int:
            result = self.number.from_json(value, dropped)
        else:
            raise wrong_type(value, "a string or a whole number")
        return result

    def check(self, value: str | int) -> None:
        (self.text if isinstance(value, str) else self.number).check(value)

    def to_json(self, value: str | int) -> str | int:
        return value


@dataclass(frozen=True)
class Nullable:
    """A value or JSON's null, which is None in a record."""

    value: Value

    def from_json(self, value: Any, dropped: Dropped) -> Any:
        return None if value is None else self.value.from_json(value, dropped)

    def check(self, value: Any) -> None:
        if value is not None:
            self.value.check(value)

    def to_json(self, value: Any) -> Any:
        return None if value is None else self.value.to_json(value)


def is_record(value: Value) -> TypeGuard[Record]:
    """Whether values of this type have fields."""
    return isinstance(value, Record)


def at(name: str, error: InvalidEvent) -> InvalidEvent:
    """The same error, seen from one level further out: `name` in front of its path."""
    path = f"{name}.{error.field}" if error.field else name
    return InvalidEvent(error.bare, reason=error.reason, field=path)
