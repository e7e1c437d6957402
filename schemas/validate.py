"""JSON Schema itself as the judge of an event, by the `jsonschema` library.

The encoder does not ask it (a compiled contract is far quicker); the contract tests hold the two together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from jsonschema import FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT3, specification_with

from schemas.contract.formats import FORMATS
from schemas.contract.scalars import EXACT
from schemas.json_files import Place, load

ASSERTED = FormatChecker(formats=())
for _name, _matches in FORMATS.items():
    ASSERTED.checks(_name)(lambda value, matches=_matches: not isinstance(value, str) or matches(value))


class JsonSchema:
    """One JSON Schema as a judge. `inner` is the library's validator."""

    def __init__(self, inner: Validator) -> None:
        self.inner = inner

    def iter_errors(self, event: Any) -> Iterator[ValidationError]:
        """What it has against an event."""
        with localcontext(EXACT):  # Python's own context has no remainder of a large quotient (`multipleOf`)
            yield from list(self.inner.iter_errors(event))

    def is_valid(self, event: Any) -> bool:
        """Whether it has nothing against an event."""
        return next(self.iter_errors(event), None) is None


def validator(file: Path) -> JsonSchema:
    """A validator for one JSON Schema file, which follows `$ref` to files beside it.

    Events are to be parsed with numbers as int and Decimal, never float.
    Raises DerivationError if the file is not a schema at all.
    """
    place = load(file.resolve())
    kind = validator_for(place.node)
    try:
        kind.check_schema(dict(place.node))
    except SchemaError as error:
        raise place.error(f"not a JSON Schema: {error.message} at {error.json_path}") from error
    registry: Registry[Any] = Registry(retrieve=cache(_retrieve))  # type: ignore[call-arg]
    uri = file.resolve().as_uri()
    registry = registry.with_resource(uri, _resource(place))
    return JsonSchema(kind({"$ref": uri}, registry=registry, format_checker=ASSERTED))


def violations(file: Path, event: Any) -> Iterator[str]:
    """What JSON Schema has against an event, as `path: message`."""
    for error in validator(file).iter_errors(event):
        path = ".".join(str(part) for part in error.absolute_path)
        yield f"{path}: {error.message}" if path else error.message


def parse(text: str) -> Any:
    """JSON with exact numbers."""
    return json.loads(text, parse_float=Decimal)


def _retrieve(uri: str) -> Resource[Any]:
    return _resource(load(Path(unquote(urlparse(uri).path))))


def _resource(place: Place) -> Resource[Any]:
    specification = specification_with(str(place.node.get("$schema", "")), default=DRAFT3)
    return specification.create_resource(_exact(place.node))


def _exact(node: Any) -> Any:
    """Bounds as decimals: the float 0.1 is a little more than the 0.1 that is written."""
    if isinstance(node, dict):
        return {key: _exact(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_exact(item) for item in node]
    return Decimal(repr(node)) if isinstance(node, float) else node
