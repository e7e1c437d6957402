"""Why a broker that can be reached gives nothing: it refuses the client, and waiting does not cure that.

librdkafka says of each of these that no broker is reachable. So the broker is asked again, first by hand which
protocol it wants, then by a client of its own whether the login is good.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from avrogate.certificates import untrusted_hint
from avrogate.errors import ConfigError

PREFIX = "AVROGATE_KAFKA_"
PROTOCOL, CA = f"{PREFIX}SECURITY_PROTOCOL", f"{PREFIX}SSL_CA_LOCATION"
# seconds: for an answer by hand, and for a login; a broker delays its refusal by a third of a second
ANSWER, LOGIN, TRY = 1.5, 4.0, 0.5
# SaslHandshake, version 0, for a mechanism that nobody has: each kind of listener answers, and each another thing
QUESTION = struct.pack(">hhihh", 17, 0, 1, -1, 1) + b"?"
UNSUPPORTED_MECHANISM = 33
SILENT = logging.getLogger("avrogate.kafka.refusals")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


@dataclass(frozen=True)
class Listener:
    """What a broker speaks at an address; `mechanisms` of login it has, none if it wants none."""

    address: str
    tls: bool
    mechanisms: tuple[str, ...]

    @property
    def protocol(self) -> str:
        """The `security.protocol` that it wants."""
        return ("SASL_" if self.mechanisms else "") + ("SSL" if self.tls else "PLAINTEXT")


def refusal(config: Mapping[str, Any]) -> ConfigError | None:
    """Why the broker refuses a client with this configuration; None if it does not, or if none answers.

    Takes up to some seconds if a broker accepts connections and says nothing, and none if nobody listens.
    """
    found = _listener(config["bootstrap.servers"])
    if found is None:
        return None
    ours = str(config.get("security.protocol", "PLAINTEXT")).upper()
    if ours != found.protocol:
        return _other_protocol(found, ours)
    if found.tls and (why := _untrusted(found.address, config)) is not None:
        return why
    return _refused_login(config)


def said(error: KafkaError, brokers: str) -> ConfigError | None:
    """What a client is told by the way, if it is a refusal and not a connection that broke."""
    text = re.sub(r"^\w*:?/?/?[^ ]+: | \(after .*\)$", "", error.str())
    if (
        "Local:" in text or "Failed to acquire" in text
    ):  # a broker that went in mid-login, a token service that is down
        return None
    if error.code() == KafkaError._SSL and "certificate verify failed" in text:
        return ConfigError(f"broker at {brokers}: its certificate is not trusted", hint=_certificate_hint(0))
    if error.code() not in (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED):
        return None
    if "mechanism" in text:
        return ConfigError(f"broker at {brokers} refuses the login ({text})", hint=f"look at {PREFIX}SASL_MECHANISM")
    text = text.removeprefix("SASL authentication error: ")
    return ConfigError(
        f"broker at {brokers} refuses the credentials ({text})",
        hint=f"look at {PREFIX}SASL_USERNAME and {PREFIX}SASL_PASSWORD",
    )


def _other_protocol(found: Listener, ours: str) -> ConfigError:
    needs = [f"set {PROTOCOL} to {found.protocol}"]
    if found.mechanisms and "SASL" not in ours:
        needs.append(f"{PREFIX}SASL_MECHANISM ({' or '.join(found.mechanisms)}), _USERNAME, _PASSWORD")
    if found.tls and "SSL" not in ours:
        needs.append(f"{CA} (a PEM file) if the authority is one of your own")
    return ConfigError(
        f"broker at {found.address} wants {found.protocol}, the client speaks {ours}", "; ".join(needs)
    )


def _untrusted(address: str, config: Mapping[str, Any]) -> ConfigError | None:
    """Whether its certificate is the reason, and what is the matter with it; librdkafka does not say."""
    file = config.get("ssl.ca.location")
    if file is None or "false" in (str(config.get("enable.ssl.certificate.verification", "")).lower()):
        return None  # the authorities that librdkafka finds by itself are not known here
    try:
        context = ssl.create_default_context(cafile=file)
        context.check_hostname = config.get("ssl.endpoint.identification.algorithm") != "none"
        with _connected(address) as plain, context.wrap_socket(plain, server_hostname=_split(address)[0]):
            return None
    except ssl.SSLCertVerificationError as error:
        why = f"broker at {address}: its certificate is not trusted ({error.verify_message})"
        return ConfigError(why, hint=_certificate_hint(error.verify_code))
    except OSError:
        return None


def _certificate_hint(code: int) -> str:
    return untrusted_hint(code, "broker", "AVROGATE_BOOTSTRAP_SERVERS", CA)


def _refused_login(config: Mapping[str, Any]) -> ConfigError | None:
    heard: list[KafkaError] = []
    try:
        client = AdminClient(dict(config) | {"error_cb": heard.append}, logger=SILENT)
    except KafkaException:
        return None
    until = time.monotonic() + LOGIN
    while time.monotonic() < until:
        try:
            client.list_topics(timeout=TRY)
        except KafkaException:
            client.poll(0)  # hands over what was heard
        else:
            return None
        for error in heard:
            if (why := said(error, config["bootstrap.servers"])) is not None:
                return why
    return None


def _listener(addresses: str) -> Listener | None:
    for address in (one.strip().rpartition("://")[2] for one in addresses.split(",")):
        for tls in (True, False):
            mechanisms = _mechanisms(address, tls)
            if mechanisms is not None:
                return Listener(address, tls, mechanisms)
    return None


def _mechanisms(address: str, tls: bool) -> tuple[str, ...] | None:
    """What it can be logged in with, over TLS or without; None if it gives no answer that a broker gives."""
    try:
        with _connected(address) as plain:
            if not tls:
                return _ask(plain)
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is confided to it
            with context.wrap_socket(plain, server_hostname=_split(address)[0]) as secure:
                return _ask(secure)
    except (OSError, ValueError, struct.error):
        return None


def _ask(broker: socket.socket) -> tuple[str, ...] | None:
    broker.sendall(struct.pack(">i", len(QUESTION)) + QUESTION)
    with broker.makefile("rb") as stream:
        size, correlation, code = struct.unpack(">iih", stream.read(10))
        if correlation != 1 or not 6 <= size < 4096:
            return None
        if code != UNSUPPORTED_MECHANISM:
            return ()
        rest = stream.read(size - 6)
    count, position, names = struct.unpack_from(">i", rest)[0], 4, []
    for _ in range(count):
        (length,) = struct.unpack_from(">h", rest, position)
        names.append(rest[position + 2 : position + 2 + length].decode())
        position += 2 + length
    return tuple(names)


def _connected(address: str) -> socket.socket:
    return socket.create_connection(_split(address), timeout=ANSWER)


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
