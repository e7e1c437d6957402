"""Make Java trust whom the rest of the machine trusts.

Behind a proxy that inspects TLS, SSL_CERT_FILE or REQUESTS_CA_BUNDLE names the authorities to trust.
Java reads neither, so downloads would fail: here the PEM file becomes a Java trust store.
"""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from avrogate.errors import ConfigError
from avrogate.local.files import clear_file_errors
from avrogate.settings import Settings

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

PASSWORD = "changeit"  # Java's own default; a trust store holds nothing secret


def java_options(settings: Settings) -> list[str]:
    """Arguments for a JVM that downloads: the trust store made of the CA bundle, if one is named.

    Empty if none is, or if JAVA_TOOL_OPTIONS already chooses a trust store.
    Raises ConfigError if the bundle holds no certificate.
    """
    bundle = settings.ca_bundle
    if "javax.net.ssl.trustStore=" in settings.java_tool_options or bundle is None or not bundle.is_file():
        return []
    store = _trust_store(bundle, settings.expanded_home / "java")
    return [
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={PASSWORD}",
    ]


def _trust_store(bundle: Path, folder: Path) -> Path:
    with clear_file_errors("reading the CA bundle"):
        pem = bundle.read_bytes()
    store = folder / f"trust-{hashlib.sha256(pem).hexdigest()[:16]}.p12"
    if not store.is_file():
        content = _pkcs12(pem, bundle)
        with clear_file_errors("writing the trust store"):
            folder.mkdir(parents=True, exist_ok=True)
            temporary = store.with_suffix(f".{os.getpid()}")
            temporary.write_bytes(content)
            temporary.replace(store)
    return store


def _pkcs12(pem: bytes, source: Path) -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    certificates = list(_certificates(pem))
    if not certificates:
        raise ConfigError(f"{source}: no certificate in it", hint="SSL_CERT_FILE should name a PEM file")
    entries = [pkcs12.PKCS12Certificate(one, f"ca-{n}".encode()) for n, one in enumerate(certificates)]
    return pkcs12.serialize_java_truststore(entries, BestAvailableEncryption(PASSWORD.encode()))


def _certificates(pem: bytes) -> Iterator[Certificate]:
    """Those that can be read: public bundles carry a few old ones that break today's rules."""
    from cryptography import x509

    for block in re.findall(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", pem, re.S):
        with warnings.catch_warnings(), suppress(ValueError):
            warnings.simplefilter("ignore")
            yield x509.load_pem_x509_certificate(block)
