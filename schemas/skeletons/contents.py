"""What a new event's files say before its author has said anything: JSON Schemas and examples of both stages."""

from __future__ import annotations

from typing import Any

DRAFT = "https://json-schema.org/draft/2020-12/schema"
USER_ID = "user-id"
# the field that stands for all that only the author knows
EXAMPLE_FIELD = "replace-me"

Node = dict[str, Any]


def record_name(event: str) -> str:
    """The Avro record of an event: `tournament-entry` is `TournamentEntry`."""
    return "".join(word.capitalize() for word in event.split("-"))


def enum_name(event: str) -> str:
    """The Avro enum whose one symbol is the event's type."""
    return f"{record_name(event)}EventType"


def raw_schema(event: str, key: str, namespace: str) -> Node:
    """The event as clients send it."""
    return _schema(
        f"{_title(event)}, as the client sends it.",
        event,
        namespace,
        {
            "event-type": {"type": "string", "const": event, "x-avro": {"enum": enum_name(event)}},
            "time": {
                "description": "When it happened at the client.",
                "type": "integer",
                "minimum": 0,
                "x-avro": {"logicalType": "timestamp-millis", "unit": "seconds"},
            },
            key: _user(key),
            EXAMPLE_FIELD: {
                "description": "An example: the event's own fields stand here.",
                **_text(100),
            },
        },
    )


def enriched_schema(event: str, key: str, namespace: str) -> Node:
    """The event as it passes the rules: raw's fields by reference, and what the user's profile adds."""
    fields = {
        name: {"$ref": f"../../raw/{event}/v1.json#/properties/{name}"}
        for name in ("event-type", "time", key, EXAMPLE_FIELD)
    }
    if key == USER_ID:
        fields[key] = {"description": 'Who it was, canonical: 42 and "42" are one user.', **_text(50)}
    profile = {name: _from_profile(name) for name in ("country", "platform")}
    return _schema(
        f"{_title(event)}; with the user's country and platform.", event, namespace, fields, optional=profile
    )


def examples(event: str, key: str) -> dict[str, Node]:
    """Examples by `<stage>/<event>/<kind>/<name>.json`, each invalid one with a single fault."""
    sent = {"event-type": event, "time": 1735689720, key: "u-1001", EXAMPLE_FIELD: "a value"}
    enriched = sent | {"country": "Portugal", "platform": "IOS"}
    return {
        f"raw/{event}/valid/typical.json": sent,
        f"raw/{event}/invalid/{key}-missing.json": _without(sent, key),
        f"enriched/{event}/valid/typical.json": enriched,
        f"enriched/{event}/valid/only-required.json": sent,
        f"enriched/{event}/invalid/{key}-missing.json": _without(enriched, key),
    }


def _schema(about: str, event: str, namespace: str, fields: Node, optional: Node | None = None) -> Node:
    return {
        "$schema": DRAFT,
        "description": about,
        "type": "object",
        "x-avro": {"record": record_name(event), "namespace": namespace},
        "additionalProperties": False,
        "required": list(fields),
        "properties": fields | (optional or {}),
    }


def _title(event: str) -> str:
    return event.replace("-", " ").capitalize()


def _text(longest: int) -> Node:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _user(key: str) -> Node:
    """The user's field in raw. Numbers only where the rule `canonical-user` makes text of them."""
    if key != USER_ID:
        return {"description": "Who it was.", **_text(50)}
    return {
        "description": "Who it was: clients send text or a number.",
        "type": ["string", "integer"],
        "minLength": 1,
        "maxLength": 50,
        "minimum": 0,
    }


def _from_profile(name: str) -> Node:
    about = f"The user's {name} by their newest init before this event; absent if there was none."
    return {"description": about, **_text(100), "x-avro": {"from-profile": name}}


def _without(event: Node, field: str) -> Node:
    return {name: value for name, value in event.items() if name != field}
