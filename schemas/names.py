"""Names on both sides: JSON's hyphens, Avro's identifiers, subjects."""

from __future__ import annotations

import re

_LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def avro_name(json_name: str) -> str | None:
    """The Avro name of a JSON key or symbol (hyphens become underscores), or None if there is none."""
    name = json_name.replace("-", "_")
    return name if _LEGAL.fullmatch(name) else None


def is_full_name(name: str) -> bool:
    """Whether every dotted part of `name` is a legal Avro name."""
    return all(_LEGAL.fullmatch(part) for part in name.split("."))


def subject(topic: str, record: str) -> str:
    """TopicRecordNameStrategy: `<topic>-<full record name>` (Confluent documentation, "Subject name strategy")."""
    return f"{topic}-{record}"
