"""The schema registry, by its Confluent API, in the few questions that Avrogate asks.

Nothing here depends on what only one registry returns: not on error codes beyond the HTTP status, not on
response fields beyond those that Confluent documents. Answers are asked for anew each time but for ids, which
never change their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from confluent_kafka.schema_registry import RegisteredSchema, Schema, SchemaReference

from avrogate.errors import IncompatibleSchema, RegistryUnavailable, SchemaNotRegistered
from avrogate.settings import Settings
from schemas.registry_client import CONFLICT, Refused, RegistryClient
from schemas.versions import SchemaVersion

NEW_VERSION = "a released version is never changed: add an optional field in a new version, or a new event"


@dataclass(frozen=True)
class RegistryReference:
    """A reference as a registry keeps it: the name in the text, and which subject and version it means."""

    name: str
    subject: str
    version: int


@dataclass(frozen=True)
class Registered:
    """A schema in the registry: its global id, and its version within the subject."""

    subject: str
    version: int
    schema_id: int


@dataclass(frozen=True)
class RegisteredText:
    """The text behind an id, with its references still by name."""

    text: str
    references: tuple[RegistryReference, ...]


class Registry:
    """A registry at `settings.registry`, with basic authentication and a CA of its own if they are set.

    Every method raises RegistryUnavailable if the registry does not answer, and ConfigError if it refuses
    the credentials or its certificate is not trusted.
    """

    def __init__(self, settings: Settings, max_retries: int = 0) -> None:
        client = RegistryClient(settings, max_retries)
        self.url = client.url
        self._client, self._api, self._ask = client, client.api, client.ask

    def lookup(self, version: SchemaVersion) -> Registered | None:
        """The registration of exactly this text with these references, or None."""
        schema = self._schema(version)
        if schema is None:
            return None
        found = self._ask(lambda: self._api.lookup_schema(version.subject, schema), missing=None)
        if found is None:
            return None
        return Registered(version.subject, _whole(found.version), _whole(found.schema_id))

    def id_of(self, version: SchemaVersion) -> int:
        """The id of a schema that must be there.

        Raises SchemaNotRegistered if it is not, ConfigError if there is no registry at the address.
        """
        found = self.lookup(version)
        if found is None:
            self.subjects()  # a wrong address answers 404 to everything; this says so (ConfigError)
            raise SchemaNotRegistered(
                f"{version} is not registered: subject {version.subject} at {self.url} does not have it",
                hint="run `avrogate schemas register`",
            )
        return found.schema_id

    def register(self, version: SchemaVersion) -> Registered:
        """Register a version, or find it registered. Raises IncompatibleSchema with the registry's reason."""
        schema = self._schema(version)
        if schema is None:
            raise IncompatibleSchema(f"{version}: a schema that it refers to is not registered")
        try:
            self._ask(lambda: self._api.register_schema(version.subject, schema))
        except Refused as error:
            raise _refused(version, error) from error
        found = self.lookup(version)
        if found is None:
            raise RegistryUnavailable(f"registry at {self.url} took {version} and does not have it")
        return found

    def objection(self, version: SchemaVersion) -> str | None:
        """Why the registry would refuse this version now, or None if it would take it.

        Empty if it would refuse and gives no reason; not every registry does before it is asked to register.
        A version whose references are not registered yet cannot be asked for: None.
        """
        schema = self._schema(version)
        if schema is None:
            return None
        path = f"compatibility/subjects/{quote(version.subject, safe='')}/versions?verbose=true"
        try:
            answer = self._ask(lambda: _verdict(self._client.post(path, schema.to_dict())), missing=None)
        except Refused as error:  # a text that is no Avro to it
            return error.reason
        return None if answer is None or answer.compatible else answer.reason

    def text(self, schema_id: int) -> RegisteredText | None:
        """The schema behind an id, or None if the registry has no such id."""
        schema = self._ask(lambda: self._api.get_schema(schema_id), missing=None)
        return None if schema is None else _text(schema)

    def text_now(self, schema_id: int) -> RegisteredText | None:
        """The same, past the cache: what the registry says at this moment."""
        self._api.clear_caches()  # type: ignore[no-untyped-call]
        return self.text(schema_id)

    def version_text(self, subject: str, version: int) -> RegisteredText | None:
        """The text of one version of a subject, or None."""
        found = self._version(subject, version)
        return None if found is None else self.text(_whole(found.schema_id))

    def subjects(self) -> list[str]:
        """Every subject, sorted."""
        found = self._ask(self._api.get_subjects)
        if not isinstance(found, list):
            raise self._client.no_registry("is no list of subjects")
        return sorted(found)

    def versions(self, subject: str) -> list[int]:
        """The version numbers of a subject; empty if there is no such subject."""
        found: Sequence[int] = self._ask(lambda: self._api.get_versions(subject), missing=())
        return list(found)

    def ids(self, subject: str) -> list[int]:
        """The schema id of each version of a subject, oldest first; empty if there is no such subject."""
        found = [self._version(subject, number) for number in self.versions(subject)]
        return [_whole(one.schema_id) for one in found if one is not None]

    def compatibility(self, subject: str) -> str | None:
        """The subject's own compatibility level, or None if it has none."""
        found: str | None = self._ask(lambda: self._api.get_compatibility(subject), missing=None)
        return found

    def set_compatibility(self, subject: str, level: str) -> None:
        """Set the subject's own compatibility level; the subject need not exist yet."""
        self._ask(lambda: self._api.set_compatibility(subject, level))

    def _version(self, subject: str, number: int) -> RegisteredSchema | None:
        found: RegisteredSchema | None = self._ask(lambda: self._api.get_version(subject, number), missing=None)
        return found

    def _schema(self, version: SchemaVersion) -> Schema | None:
        references = []
        for reference in version.references:
            found = self.lookup(reference.version)
            if found is None:
                return None
            references.append(SchemaReference(reference.name, found.subject, found.version))
        return Schema(version.text, "AVRO", references)


@dataclass(frozen=True)
class _Verdict:
    compatible: bool
    reason: str


def _verdict(answer: dict[str, Any]) -> _Verdict:
    messages = answer.get("messages") or ()
    return _Verdict(bool(answer["is_compatible"]), " ".join("; ".join(map(str, messages)).split()))


def _refused(version: SchemaVersion, error: Refused) -> IncompatibleSchema:
    kind = "incompatible" if error.status == CONFLICT else f"refused (HTTP {error.status})"
    return IncompatibleSchema(refusal(version, kind, error.reason), hint=NEW_VERSION)


def refusal(version: SchemaVersion, kind: str, reason: str) -> str:
    """What a registry's refusal of a version is called."""
    said = f": {reason}" if reason else "; it gives no reason"
    return f"{version}: {kind}, says the registry for subject {version.subject}{said}"


def _text(schema: Schema) -> RegisteredText:
    references = tuple(
        RegistryReference(str(item.name), str(item.subject), _whole(item.version)) for item in schema.references or ()
    )
    return RegisteredText(schema.schema_str or "", references)


def _whole(number: int | None) -> int:
    if number is None:
        raise RegistryUnavailable("the registry's answer lacks a number that every registry gives")
    return number
