"""SQL expressions over one event's fields, as KPIs and reports write them, made to fit the decoded columns.

An author writes `coalesce(country, 'Unknown')`; the decoded column is `InAppPurchase.country`. Qualifying the
names keeps everything in one read of the topic: one column that lists each event's rows, and one explode.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence

from analytics.writers import TopicSchemas
from avrogate.errors import ConfigError

# quoted text, quoted names, and dotted names with what follows; only the last may be a field
_TOKENS = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)|((?<![\w.])[A-Za-z_]\w*(?:\.\w+)*)(\s*\()?""")


def qualify(expression: str, event: str, names: Container[str]) -> str:
    """`expression` with each field of the event written as `event`.`field`; nested fields stay dotted.

    Text in quotes, functions and names that are no fields stay as they are.
    """

    def rewrite(found: re.Match[str]) -> str:
        name = _field(found, names)
        return found[0] if name is None else f"`{event}`.{name}"

    return _TOKENS.sub(rewrite, expression)


def used(expression: str, names: Container[str]) -> Iterator[str]:
    """The fields that an expression uses, as dotted paths."""
    for found in _TOKENS.finditer(expression):
        name = _field(found, names)
        if name is not None:
            yield name


def declared(
    schemas: TopicSchemas, event: str, reads: Mapping[str, str], expressions: Sequence[str], by: str
) -> None:
    """Hold expressions over an event to the fields that their author declared to read; `time` is read by all.

    Raises ConfigError, which names `by`, if one uses a field that is not declared.
    """
    names = field_names(schemas, event, by)
    for path in (path for expression in expressions for path in used(expression, names)):
        parts = path.split(".")
        if path != "time" and not any(".".join(parts[:end]) in reads for end in range(1, len(parts) + 1)):
            raise ConfigError(f"{by}: it uses {path!r} of {event} and does not declare it", hint="add it to `reads`")


def field_names(schemas: TopicSchemas, event: str, wanted_by: str) -> list[str]:
    """The fields of an event of the topic. Raises ConfigError that says who asked for an unknown event."""
    if event not in schemas.readers:
        known = ", ".join(schemas.readers)
        raise ConfigError(f"{wanted_by}: topic {schemas.topic} has no event {event}", hint=f"it has {known}")
    return schemas.readers[event].field_names


def rows_by_event(rows: Mapping[str, Sequence[str]]) -> str:
    """An expression that lists the rows (structs of one type) that a record gives, by its event.

    `inline` of it makes rows of them; an event that gives none vanishes.
    """
    branches = [f"WHEN '{event}' THEN array({', '.join(structs)})" for event, structs in rows.items() if structs]
    return f"CASE event {' '.join(branches)} END"


def text(value: str) -> str:
    """A string literal of Spark's SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _field(found: re.Match[str], names: Container[str]) -> str | None:
    quoted, name, call = found.group(1), found.group(2), found.group(3)
    return None if quoted or call or name.partition(".")[0] not in names else name
