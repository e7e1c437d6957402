"""The schema registry, by its Confluent API, in the few questions that Avrogate asks.

Nothing here depends on what only one registry returns: not on error codes beyond the HTTP status, not on
response fields beyond those that Confluent documents. Answers are asked for anew each time but for ids, which
never change their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka.schema_registry import (
    RegisteredSchema,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    SchemaRegistryError,
)

# the HTTP library that the client was built with
from confluent_kafka.schema_registry.common._httpx_compat import httpx

from avrogate.errors import (
    AvrogateError,
    ConfigError,
    IncompatibleSchema,
    RegistryUnavailable,
    SchemaNotRegistered,
)
from avrogate.settings import Settings
from schemas.versions import SchemaVersion

T = TypeVar("T")

NOT_FOUND, CONFLICT, UNPROCESSABLE = 404, 409, 422
START_HINT = "start the local one with `avrogate stack up`, or set AVROGATE_REGISTRY_URL"


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
    the credentials.
    """

    def __init__(self, settings: Settings, max_retries: int = 0) -> None:
        self.url = settings.registry
        self._client = SchemaRegistryClient(_config(settings, max_retries))

    def lookup(self, version: SchemaVersion) -> Registered | None:
        """The registration of exactly this text with these references, or None."""
        schema = self._schema(version)
        if schema is None:
            return None
        found = self._ask(lambda: self._client.lookup_schema(version.subject, schema), missing=None)
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
            self._ask(lambda: self._client.register_schema(version.subject, schema))
        except SchemaRegistryError as error:
            raise _refused(version, error) from error
        found = self.lookup(version)
        if found is None:
            raise RegistryUnavailable(f"registry at {self.url} took {version} and does not have it")
        return found

    def accepts(self, version: SchemaVersion) -> bool:
        """Whether the registry would let this version be registered, by the subject's compatibility level.

        A version whose references are not registered yet counts as accepted.
        """
        schema = self._schema(version)
        if schema is None:
            return True
        ask = self._client.test_compatibility_all_versions
        return bool(self._ask(lambda: ask(version.subject, schema), missing=True))

    def text(self, schema_id: int) -> RegisteredText | None:
        """The schema behind an id, or None if the registry has no such id."""
        schema = self._ask(lambda: self._client.get_schema(schema_id), missing=None)
        return None if schema is None else _text(schema)

    def text_now(self, schema_id: int) -> RegisteredText | None:
        """The same, past the cache: what the registry says at this moment."""
        self._client.clear_caches()  # type: ignore[no-untyped-call]
        return self.text(schema_id)

    def version_text(self, subject: str, version: int) -> RegisteredText | None:
        """The text of one version of a subject, or None."""
        found = self._version(subject, version)
        return None if found is None else self.text(_whole(found.schema_id))

    def subjects(self) -> list[str]:
        """Every subject, sorted."""
        return sorted(self._ask(self._client.get_subjects))

    def versions(self, subject: str) -> list[int]:
        """The version numbers of a subject; empty if there is no such subject."""
        found: Sequence[int] = self._ask(lambda: self._client.get_versions(subject), missing=())
        return list(found)

    def ids(self, subject: str) -> list[int]:
        """The schema id of each version of a subject, oldest first; empty if there is no such subject."""
        found = [self._version(subject, number) for number in self.versions(subject)]
        return [_whole(one.schema_id) for one in found if one is not None]

    def compatibility(self, subject: str) -> str | None:
        """The subject's own compatibility level, or None if it has none."""
        found: str | None = self._ask(lambda: self._client.get_compatibility(subject), missing=None)
        return found

    def set_compatibility(self, subject: str, level: str) -> None:
        """Set the subject's own compatibility level; the subject need not exist yet."""
        self._ask(lambda: self._client.set_compatibility(subject, level))

    def _version(self, subject: str, number: int) -> RegisteredSchema | None:
        found: RegisteredSchema | None = self._ask(lambda: self._client.get_version(subject, number), missing=None)
        return found

    def _schema(self, version: SchemaVersion) -> Schema | None:
        references = []
        for reference in version.references:
            found = self.lookup(reference.version)
            if found is None:
                return None
            references.append(SchemaReference(reference.name, found.subject, found.version))
        return Schema(version.text, "AVRO", references)

    def _ask(self, question: Callable[[], T], **answer_if_missing: Any) -> T:
        try:
            answer = question()
        except SchemaRegistryError as error:
            if error.http_status_code == NOT_FOUND and "missing" in answer_if_missing:
                missing: T = answer_if_missing["missing"]
                return missing
            raise self._translated(error) from error
        except httpx.TransportError as error:
            raise RegistryUnavailable(f"registry unreachable at {self.url} ({error})", hint=START_HINT) from error
        except ValueError as error:  # a login or maintenance page, say
            raise self._no_registry("is not JSON") from error
        if answer is None:
            raise self._no_registry("is empty")
        return answer

    def _no_registry(self, why: str) -> RegistryUnavailable:
        return RegistryUnavailable(
            f"what answers at {self.url} is no registry now: its answer {why}", hint=START_HINT
        )

    def _translated(self, error: SchemaRegistryError) -> AvrogateError | SchemaRegistryError:
        status = error.http_status_code
        if status in (401, 403):
            return ConfigError(
                f"registry at {self.url} refuses the credentials (HTTP {status})",
                hint="set AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD",
            )
        if status >= 500 or status in (408, 429):
            return RegistryUnavailable(f"registry at {self.url} is in trouble (HTTP {status}: {error.error_message})")
        if status == NOT_FOUND:
            return ConfigError(
                f"no registry with Confluent's API at {self.url} (HTTP 404)",
                hint="AVROGATE_REGISTRY_URL is the address before /subjects",
            )
        return error


def _refused(version: SchemaVersion, error: SchemaRegistryError) -> IncompatibleSchema:
    kind = "incompatible" if error.http_status_code == CONFLICT else f"refused (HTTP {error.http_status_code})"
    return IncompatibleSchema(
        f"{version}: {kind}, says the registry for subject {version.subject}: {error.error_message}",
        hint="a released version is never changed: add an optional field in a new version, or a new event",
    )


def _config(settings: Settings, max_retries: int) -> dict[str, Any]:
    config: dict[str, Any] = {
        "url": settings.registry,
        "timeout": settings.request_timeout,
        "max.retries": max_retries,
    }
    if settings.registry_user:
        password = settings.registry_password.get_secret_value() if settings.registry_password else ""
        config["basic.auth.user.info"] = f"{settings.registry_user}:{password}"
    if settings.registry_ca:
        config["ssl.ca.location"] = str(settings.registry_ca)
    return config


def _text(schema: Schema) -> RegisteredText:
    references = tuple(
        RegistryReference(str(item.name), str(item.subject), _whole(item.version)) for item in schema.references or ()
    )
    return RegisteredText(schema.schema_str or "", references)


def _whole(number: int | None) -> int:
    if number is None:
        raise RegistryUnavailable("the registry's answer lacks a number that every registry gives")
    return number
