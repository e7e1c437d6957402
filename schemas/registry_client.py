"""Confluent's client for a registry, with what goes wrong said in our words.

Nothing here depends on what only one registry answers: of an error the HTTP status decides, its code never does,
and its message is only passed on.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from confluent_kafka.schema_registry import SchemaRegistryClient, SchemaRegistryError

# the HTTP library that the client was built with
from confluent_kafka.schema_registry.common._httpx_compat import httpx

from avrogate.certificates import untrusted_hint
from avrogate.errors import AvrogateError, ConfigError, RegistryUnavailable
from avrogate.settings import Settings

T = TypeVar("T")

NOT_FOUND, CONFLICT = 404, 409
START_HINT = "start the local one with `avrogate stack up`, or set AVROGATE_REGISTRY_URL"
WANTS_HTTPS = "a registry behind TLS wants https://: look at AVROGATE_REGISTRY_URL"
# OpenSSL's names for an answer that is no TLS
NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"}


class Refused(AvrogateError):
    """A registry refuses what it was asked to do; `reason` is its own, empty if it gives none."""

    def __init__(self, message: str, *, status: int, reason: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.status = status
        self.reason = reason


class RegistryClient:
    """A client for `settings.registry`, with basic authentication and a CA of its own if they are set.

    Raises ConfigError if the address or the CA file is none.
    """

    def __init__(self, settings: Settings, max_retries: int = 0) -> None:
        _check_address(settings.registry)
        self.url = settings.registry
        self._credentials_hint = _credentials_hint(settings)
        try:
            self.api = SchemaRegistryClient(_config(settings, max_retries))
        except OSError as error:  # ssl.SSLError is one
            name = f"AVROGATE_REGISTRY_CA: {settings.registry_ca}" if settings.registry_ca else "SSL_CERT_FILE"
            why = error.strerror or type(error).__name__
            raise ConfigError(
                f"{name}: no certificates can be read from it ({why})", "it is a PEM file of the authority"
            ) from error
        except ValueError as error:
            raise ConfigError(f"AVROGATE_REGISTRY_URL: {self.url} is no address of a registry") from error

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON answer to a request that the client has no method for; to be asked with `ask`."""
        return self.api._rest_client.post(path, body)  # its public methods keep part of the answer to themselves

    def ask(self, question: Callable[[], T], **answer_if_missing: Any) -> T:
        """The answer to a question put to `api`; `missing`, if it is given, where the registry says 404.

        One to which no answer comes in time is put once more: it can be, as none of a registry's does more the
        second time, and an answer may be lost on its way.

        Raises Refused, ConfigError for a wrong setting, RegistryUnavailable for an outage.
        """
        try:
            answer = _asked(question)
        except SchemaRegistryError as error:
            if error.http_status_code == NOT_FOUND and "missing" in answer_if_missing:
                missing: T = answer_if_missing["missing"]
                return missing
            raise self._translated(error) from error
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        except httpx.InvalidURL as error:
            raise ConfigError(f"AVROGATE_REGISTRY_URL: {self.url} is no address of a registry") from error
        except ValueError as error:  # a login or maintenance page, say
            raise self.no_registry("is not JSON") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise self.no_registry("is JSON of something else") from error
        if answer is None:
            raise self.no_registry("is empty")
        return answer

    def no_registry(self, why: str) -> RegistryUnavailable:
        """What to raise for an answer that no registry gives."""
        return RegistryUnavailable(
            f"what answers at {self.url} is no registry now: its answer {why}", hint=START_HINT
        )

    def _translated(self, error: SchemaRegistryError) -> AvrogateError:
        status, reason = error.http_status_code, _reason(error)
        said = f"HTTP {status}: {reason}" if reason else f"HTTP {status}"
        if status in (401, 403):
            return ConfigError(
                f"registry at {self.url} refuses the credentials (HTTP {status})", self._credentials_hint
            )
        if status >= 500 or status in (408, 429):
            return RegistryUnavailable(f"registry at {self.url} is in trouble ({said})")
        if status == NOT_FOUND or status < 400:
            return ConfigError(
                f"no registry with Confluent's API at {self.url} (HTTP {status})",
                hint="AVROGATE_REGISTRY_URL is the address before /subjects",
            )
        hint = WANTS_HTTPS if self.url.startswith("http:") and not reason else None
        return Refused(f"registry at {self.url} refuses ({said})", status=status, reason=reason, hint=hint)

    def _unreachable(self, error: Exception) -> AvrogateError:
        tls = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
        if isinstance(tls, ssl.SSLCertVerificationError):
            return ConfigError(
                f"registry at {self.url}: its certificate is not trusted ({tls.verify_message})",
                untrusted_hint(tls.verify_code, "registry", "AVROGATE_REGISTRY_URL", "AVROGATE_REGISTRY_CA"),
            )
        if tls is not None and tls.reason in NO_TLS:
            return ConfigError(
                f"registry at {self.url} does not speak TLS there ({tls.reason.lower().replace('_', ' ')})",
                "a registry without TLS wants http://: look at AVROGATE_REGISTRY_URL",
            )
        garbled = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError)
        hint = WANTS_HTTPS if garbled and self.url.startswith("http:") else START_HINT
        return RegistryUnavailable(f"registry unreachable at {self.url} ({error})", hint=hint)


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except httpx.ReadTimeout:
        return question()


def _check_address(address: str) -> None:
    """An address is printed in messages and tables, so a password may not be in it."""
    if "@" in address:
        raise ConfigError(
            "AVROGATE_REGISTRY_URL has credentials in it, and addresses are printed",
            "take them out, and set AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD",
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
        config["ssl.ca.location"] = str(settings.registry_ca.expanduser())
    return config


def _credentials_hint(settings: Settings) -> str:
    if settings.registry_user and not settings.registry_password:
        return f"AVROGATE_REGISTRY_USER is {settings.registry_user}, AVROGATE_REGISTRY_PASSWORD is not set"
    if settings.registry_user:
        return "look at AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD"
    return "set AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD"


def _reason(error: SchemaRegistryError) -> str:
    """The registry's own words in one line; empty if the answer is not in a registry's form."""
    made_up = error.error_code == SchemaRegistryError.UNKNOWN  # by the client, of a page of HTML, say
    return "" if made_up else " ".join(str(error.error_message or "").split())


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
