"""What must become of each raw event: the rules of the quality processor, told a second time and plainly.

Written from the rules' documentation, the contracts in the registered schemas and the Avro specification. It shares
no code with `processors`, so that a mistake would have to be made twice.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pycountry
from babel import Locale

from avrogate.settings import Settings
from schemas.catalog import Catalog

sys.path.insert(0, str(Path(__file__).parent))  # tests are in no package

from strict_avro import Malformed, Read, Write, decode, reader, writer

YEAR_2000, FIVE_MINUTES = 946_684_800_000, 300_000
# what a record takes in a batch of its own, besides its bytes
RECORD_OVERHEAD, HEADER_OVERHEAD = 128, 10
PLATFORMS = (("platform",), ("user_a_postmatch_info", "platform"), ("user_b_postmatch_info", "platform"))


class Refusal(NamedTuple):
    """A dead letter as far as it is laid down: the message is for people."""

    reason: str
    rule: str | None = None
    field: str | None = None
    schema_id: int | None = None


class Unfounded(Exception):
    """The event has no outcome: the processor must wait (a version that this installation does not know)."""


class Broken(Exception):
    """A bound of the contract does not hold: reason and path."""


@dataclass(frozen=True)
class Side:
    """One registered schema with the fields of its contract."""

    schema_id: int
    schema: dict[str, Any]
    records: dict[str, dict[str, Any]]
    read: Read
    write: Write

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """The record's fields by name."""
        return {one["name"]: one for one in self.schema["fields"]}


@dataclass(frozen=True)
class Kind:
    """One raw version and its enriched twin."""

    raw: Side
    enriched: Side
    user: str
    check_raw: Callable[[Any], None]
    check_enriched: Callable[[Any], None]
    added: list[str]
    from_profile: dict[str, str]
    sets_profile: dict[str, str]


class HttpRegistry:
    """The few questions to a registry, over plain HTTP."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.registry
        self._headers = {}
        if settings.registry_user and settings.registry_password:
            secret = f"{settings.registry_user}:{settings.registry_password.get_secret_value()}"
            self._headers["Authorization"] = "Basic " + b64encode(secret.encode()).decode()

    def get(self, path: str) -> Any:
        """The answer, or None for 404."""
        request = urllib.request.Request(f"{self._base}/{path}", headers=self._headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def versions(self, subject: str) -> list[dict[str, Any]]:
        """Every version of a subject, oldest first."""
        path = f"subjects/{quote(subject, safe='')}/versions"
        return [self.get(f"{path}/{number}") for number in self.get(path) or ()]

    def side(self, found: dict[str, Any]) -> Side:
        """A version of a subject with what it refers to."""
        records: dict[str, dict[str, Any]] = {}
        reads: dict[str, Read] = {}
        writes: dict[str, Write] = {}
        for reference in found.get("references") or ():
            path = f"subjects/{quote(reference['subject'], safe='')}/versions/{reference['version']}"
            schema = json.loads(self.get(path)["schema"])
            records[full_name(schema)] = schema
            reader(schema, reads), writer(schema, writes)
        schema = json.loads(found["schema"])
        return Side(found["id"], schema, records, reader(schema, reads), writer(schema, writes))


def full_name(schema: Any) -> str:
    """A record's full name."""
    if not isinstance(schema, dict):
        return str(schema)
    return f"{schema['namespace']}.{schema['name']}" if "namespace" in schema else str(schema.get("name"))


@dataclass
class Judge:
    """Gives each raw record its one right outcome, in the order of its partition.

    `largest` is how many bytes an enriched record may have. `profiles` is the state: by partition and user the
    (time, offset, country, platform) of the newest init.
    """

    settings: Settings
    catalog: Catalog
    largest: int
    profiles: dict[int, dict[str, tuple[int, int, str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.registry = HttpRegistry(self.settings)
        self.topic = self.catalog.stage_topic("raw")
        self.kinds = {kind.raw.schema_id: kind for kind in self._kinds()}
        self._strangers: dict[int, Refusal | None] = {}
        self._countries = _countries()

    def _kinds(self) -> list[Kind]:
        kinds = []
        enriched_topic = self.catalog.stage_topic("enriched")
        for event, entry in self.catalog.topics[self.topic].events.items():
            pairs = zip(self.catalog.of(self.topic, event), self.catalog.of(enriched_topic, event), strict=True)
            for version, twin in pairs:
                kinds.append(_kind(self._registered(version), self._registered(twin), entry.key))
        return kinds

    def _registered(self, version: Any) -> Side:
        for found in self.registry.versions(version.subject):
            if json.loads(found["schema"]) == json.loads(version.text):
                return self.registry.side(found)
        raise LookupError(f"{version} is not registered")

    def outcome(
        self, partition: int, offset: int, timestamp: int, key: bytes | None, value: bytes | None
    ) -> bytes | Refusal:
        """The enriched value in the wire format, or the refusal. Raises Unfounded if there must be none."""
        if value is None:
            return Refusal("tombstone")
        if not value:
            return Refusal("empty-value")
        if value[0] != 0:
            return Refusal("wrong-magic-byte")
        if len(value) < 5:
            return Refusal("truncated")
        schema_id = int.from_bytes(value[1:5], "big")
        kind = self.kinds.get(schema_id)
        if kind is None:
            return self._stranger(schema_id)
        try:
            record = decode(kind.raw.read, value[5:])
        except Malformed as error:
            return Refusal(error.reason, schema_id=schema_id)
        try:
            kind.check_raw(record)
            refusal = self._rules(kind, record, key, timestamp)
            if refusal is not None:
                return refusal
            return self._enrich(kind, record, partition, offset, key or b"")
        except Broken as error:
            reason, path = error.args
            return Refusal(reason, field=path, schema_id=schema_id)

    def _rules(self, kind: Kind, record: dict[str, Any], key: bytes | None, timestamp: int) -> Refusal | None:
        schema_id = kind.raw.schema_id
        user = str(record[kind.user])
        if key != user.encode():
            return Refusal("misplaced-key", "misplaced-key", _path(kind.raw, kind.user), schema_id)
        time = record["time"]
        if time < YEAR_2000 or time - timestamp > FIVE_MINUTES:
            return Refusal("event-time", "event-time", _path(kind.raw, "time"), schema_id)
        if "winner" in record:
            a, b = record["user_a"], record["user_b"]
            if a == b:
                return Refusal("two-players", "two-players", _path(kind.raw, "user_b"), schema_id)
            if record["winner"] != a and record["winner"] != b:
                return Refusal("winner-played", "winner-played", _path(kind.raw, "winner"), schema_id)
        if "country" in record:
            code = record["country"].upper()
            if code not in self._countries and self.settings.refuse_unknown_country:
                return Refusal("country-name", "country-name", _path(kind.raw, "country"), schema_id)
            record["country"], record["country_code"] = self._countries.get(code, "Unknown"), code
        if "user_id" in record:
            record["user_id"] = user
        for *parents, name in PLATFORMS:
            holder: dict[str, Any] | None = record
            for parent in parents:
                holder = holder.get(parent) if holder else None
            if holder and holder.get(name) is not None:
                holder[name] = holder[name].upper()
        return None

    def _enrich(self, kind: Kind, record: dict[str, Any], partition: int, offset: int, key: bytes) -> bytes | Refusal:
        for name in kind.added:
            record.setdefault(name, None)
        users = self.profiles.setdefault(partition, {})
        user = record[kind.user]
        known = users.get(user)
        for name, what in kind.from_profile.items():
            record[name] = None if known is None else known[("time", "offset", "country", "platform").index(what)]
        kind.check_enriched(record)
        out = bytearray(b"\0" + kind.enriched.schema_id.to_bytes(4, "big"))
        kind.enriched.write(record, out)
        if self._size(key, out, partition, offset) > self.largest:
            return Refusal("too-large", schema_id=kind.raw.schema_id)
        if kind.sets_profile:
            says = {what: record[name] for name, what in kind.sets_profile.items()}
            profile = (record["time"], offset, says["country"], says["platform"])
            if known is None or profile[:2] > known[:2]:
                users[user] = profile
        return bytes(out)

    def _size(self, key: bytes, value: bytearray, partition: int, offset: int) -> int:
        names = len("source-topic") + len("source-partition") + len("source-offset") + 3 * HEADER_OVERHEAD
        return RECORD_OVERHEAD + len(key) + len(value) + names + len(f"{self.topic}{partition}{offset}".encode())

    def _stranger(self, schema_id: int) -> Refusal:
        """What an id means that is of no raw version of the catalog."""
        if schema_id not in self._strangers:
            self._strangers[schema_id] = self._look_up(schema_id)
        found = self._strangers[schema_id]
        if found is None:
            raise Unfounded(f"schema id {schema_id} is newer than this installation")
        return found

    def _look_up(self, schema_id: int) -> Refusal | None:
        found = self.registry.get(f"schemas/ids/{schema_id}") if schema_id < 2**31 else None
        if found is None:
            return Refusal("unknown-schema", schema_id=schema_id)
        name = full_name(json.loads(found["schema"]))
        known = {full_name(kind.raw.schema) for kind in self.kinds.values()}
        parts = {
            one.record for part in self.catalog.topics[self.topic].types for one in self.catalog.of(self.topic, part)
        }
        here = {one["id"] for one in self.registry.versions(f"{self.topic}-{name}")}
        if name in known or (name not in parts and schema_id in here):
            return None
        return Refusal("unexpected-schema", schema_id=schema_id)


def _kind(raw: Side, enriched: Side, key: str) -> Kind:
    marks = {
        mark: {n: f[mark] for n, f in enriched.fields.items() if mark in f}
        for mark in ("from-profile", "sets-profile")
    }
    return Kind(
        raw,
        enriched,
        user=next(name for name, one in raw.fields.items() if one["json-name"] == key),
        check_raw=checker(raw.schema, raw.records),
        check_enriched=checker(enriched.schema, enriched.records),
        added=[name for name in enriched.fields if name not in raw.fields],
        from_profile=marks["from-profile"],
        sets_profile=marks["sets-profile"],
    )


def _path(side: Side, name: str) -> str:
    return str(side.fields[name]["json-name"])


def _countries() -> dict[str, str]:
    """English name by code of two and three letters, as Unicode CLDR has it; Kosovo, though ISO does not."""
    english = Locale.parse("en").territories
    names = {"XK": english["XK"], "XKX": english["XK"]}
    for country in pycountry.countries:
        names[country.alpha_2] = names[country.alpha_3] = english[country.alpha_2]
    return names


def checker(schema: dict[str, Any], records: dict[str, dict[str, Any]], path: str = "") -> Callable[[Any], None]:
    """What raises Broken for the first field, in the schema's order, that breaks its contract."""
    checks: list[tuple[str, Callable[[Any], None]]] = []
    for one in schema["fields"]:
        here = path + one["json-name"]
        branches = one["type"] if isinstance(one["type"], list) else [one["type"]]
        for branch in branches:
            nested = records.get(branch) if isinstance(branch, str) else branch
            if isinstance(nested, dict) and nested["type"] == "record":
                checks.append((one["name"], checker(nested, records, f"{here}.")))
            elif nested is not None or branch not in ("null",):
                made = _bounds(branch, one, here)
                if made is not None:
                    checks.append((one["name"], made))

    def check(record: Any) -> None:
        for name, check_value in checks:
            value = record[name]
            if value is not None:
                check_value(value)

    return check


def _bounds(branch: Any, field_schema: dict[str, Any], path: str) -> Callable[[Any], None] | None:
    kind = branch["type"] if isinstance(branch, dict) else branch
    contract = field_schema.get("contract", {})
    unknown = contract.keys() - {"minLength", "maxLength", "pattern", "minimum", "maximum"}
    if unknown or kind not in ("null", "string", "long", "bytes", "enum"):
        raise NotImplementedError(f"the oracle does not know {unknown or kind} of {path}")
    if kind == "string":
        return _text(contract, path)
    if kind == "long":
        return _whole(contract, 1000 if field_schema.get("json-unit") == "seconds" else 1, path)
    if kind == "bytes" and isinstance(branch, dict):
        return _money(contract, branch["precision"] - branch["scale"], path)
    return None


def _text(contract: dict[str, Any], path: str) -> Callable[[Any], None]:
    least, most = contract.get("minLength", 0), contract.get("maxLength", float("inf"))
    pattern = re.compile(contract.get("pattern", ""))

    def check(value: Any) -> None:
        if isinstance(value, str) and not (least <= len(value) <= most and pattern.search(value)):
            raise Broken("out-of-bounds", path)

    return check


def _whole(contract: dict[str, Any], unit: int, path: str) -> Callable[[Any], None]:
    least, most = contract.get("minimum", float("-inf")), contract.get("maximum", float("inf"))

    def check(value: Any) -> None:
        if isinstance(value, int) and (value % unit or not least <= value // unit <= most):
            raise Broken("out-of-bounds", path)

    return check


def _money(contract: dict[str, Any], digits: int, path: str) -> Callable[[Any], None]:
    least, most = contract.get("minimum", Decimal("-inf")), contract.get("maximum", Decimal("inf"))
    limit = Decimal(10) ** digits

    def check(value: Decimal) -> None:
        if not -limit < value < limit:
            raise Broken("out-of-range", path)
        if not least <= value <= most:
            raise Broken("out-of-bounds", path)

    return check
