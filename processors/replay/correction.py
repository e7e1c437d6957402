"""A correction: a small mapping in YAML that repairs events.

steps:
  - event: in-app-purchase           # only this event; any, unless given
    when: {product-id: gems}         # only where these fields have these values
    rename: {price: purchase_value}  # then the parts in this order: rename, set, drop
    set: {currency: EUR}
    drop: [colour]

Fields go by their JSON names, nested ones with dots. A step does what it can: a field is set where the object
around it is there, renamed where it is there and its new name is not.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator

from avrogate.errors import ConfigError

JsonEvent = dict[str, Any]
Dotted = Annotated[str, StringConstraints(pattern=r"^[^.]+(\.[^.]+)*$")]
# the paths of JSON names that the newest version of each event has
Known = Mapping[str, frozenset[str]]
HINT = "docs/dead-letters.md has the few words that a correction is made of"


class Step(BaseModel):
    """One repair."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    event: str | None = None
    when: dict[Dotted, JsonValue] = {}
    rename: dict[Dotted, Dotted] = {}
    set: dict[Dotted, JsonValue] = {}
    drop: list[Dotted] = []

    @model_validator(mode="after")
    def _does_something(self) -> Step:
        if not (self.rename or self.set or self.drop):
            raise ValueError("neither rename nor set nor drop is there")
        return self

    def applies(self, event: JsonEvent) -> bool:
        """Whether an event is meant."""
        if self.event is not None and event.get("event-type") != self.event:
            return False
        return all(_there(event, path) and _same(_at(event, path), value) for path, value in self.when.items())

    def apply(self, event: JsonEvent) -> None:
        """Repair an event in place."""
        for old, new in self.rename.items():
            if _there(event, old) and not _there(event, new) and _holder(event, new) is not None:
                value = _at(event, old)
                _drop(event, old)
                _put(event, new, value)
        for path, value in self.set.items():
            _put(event, path, copy.deepcopy(value))
        for path in self.drop:
            _drop(event, path)


class Correction(BaseModel):
    """Steps, one after another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    steps: list[Step] = Field(min_length=1)

    def apply(self, event: JsonEvent) -> JsonEvent:
        """The repaired event; the one that was given stays as it is."""
        result = copy.deepcopy(event)
        for step in self.steps:
            if step.applies(result):
                step.apply(result)
        return result


def load_correction(file: Path, known: Known) -> tuple[Correction, str]:
    """A correction and the SHA-256 of its file. Raises ConfigError that names the place of what is wrong.

    `known` is what events have: a step that would give them something else is a slip of the pen.
    """
    try:
        content = file.read_bytes()
        correction = Correction.model_validate(yaml.safe_load(content))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({(error.strerror or str(error)).lower()})", HINT) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not YAML: {' '.join(str(error).split())}", HINT) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{file}: {_place(first['loc'])}{first['msg']}", HINT) from error
    for number, step in enumerate(correction.steps):
        _check(file, number, step, known)
    return correction, hashlib.sha256(content).hexdigest()


def _check(file: Path, number: int, step: Step, known: Known) -> None:
    if step.event is not None and step.event not in known:
        there = ", ".join(known)
        raise ConfigError(f"{file}: steps.{number}.event: {step.event!r} is none of {there}", HINT)
    fields = known[step.event] if step.event is not None else frozenset[str]().union(*known.values())
    for part, paths in (("rename", step.rename.values()), ("set", step.set)):
        for path in paths:
            if path not in fields:
                what = step.event or "event"
                raise ConfigError(f"{file}: steps.{number}.{part}: no {what} has a field {path!r}", HINT)


def _place(location: tuple[int | str, ...]) -> str:
    return f"{'.'.join(str(part) for part in location)}: " if location else ""


def _holder(event: JsonEvent, path: str) -> JsonEvent | None:
    """The object that has the last name of a path, or would have it."""
    value: Any = event
    for name in path.split(".")[:-1]:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


def _there(event: JsonEvent, path: str) -> bool:
    holder = _holder(event, path)
    return holder is not None and path.rpartition(".")[2] in holder


def _at(event: JsonEvent, path: str) -> Any:
    return (_holder(event, path) or {}).get(path.rpartition(".")[2])


def _put(event: JsonEvent, path: str, value: Any) -> None:
    holder = _holder(event, path)
    if holder is not None:
        holder[path.rpartition(".")[2]] = value


def _drop(event: JsonEvent, path: str) -> None:
    holder = _holder(event, path)
    if holder is not None:
        holder.pop(path.rpartition(".")[2], None)


def _same(found: Any, wanted: Any) -> bool:
    """Equal as JSON: 3.9 is the decimal 3.9, but true is not 1."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(wanted, float):
        wanted = Decimal(repr(wanted))
    if isinstance(found, float):
        found = Decimal(repr(found))
    return bool(found == wanted)
