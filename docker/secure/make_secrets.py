"""The secrets of the compose profile `secure`: made once, each into the volume of the one that needs it.

An authority signs a certificate for the broker and one for the registry; its own key is kept nowhere. Passwords are
random. Running it again changes nothing; to make new ones, remove the volumes.
"""

from __future__ import annotations

import datetime
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

ROOT = Path("/secrets")
VALID = datetime.timedelta(days=825)
USER = "avrogate"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


@dataclass(frozen=True)
class Authority:
    """Signs, and is forgotten at the end of the run."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """What clients trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_store(self, host: str, password: str) -> bytes:
        """PKCS12 with a new key and a certificate for `host` and the loopback names."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(host), x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = (
            _builder(host, self.certificate.subject, key)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        encryption = serialization.BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(host.encode(), key, certificate, [self.certificate], encryption)


def authority() -> Authority:
    """A new one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Avrogate's own authority")])
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    certificate = (
        _builder(name.rdns[0].rfc4514_string().removeprefix("CN="), name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def _builder(common_name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + VALID)
    )


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Readable by their owner alone: all the services run as the same user."""
    for name, content in files.items():
        target = folder / name
        target.unlink(missing_ok=True)
        target.touch(mode=0o400)
        target.chmod(0o600)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        target.chmod(0o400)


def make(root: Path) -> None:
    """Write everything anew; the clients' file is last, and says that the rest is there."""
    signer = authority()
    broker, registry, kafka_client, kafka_registry, http_client = (secrets.token_urlsafe(24) for _ in range(5))
    users = f'user_broker="{broker}" user_registry="{kafka_registry}" user_{USER}="{kafka_client}"'
    write(
        root / "kafka",
        {
            "ca.pem": signer.pem,
            "keystore.p12": signer.key_store("kafka-secure", broker),
            "password": broker,
            "jaas.conf": f'KafkaServer {{\n  {PLAIN} username="broker" password="{broker}" {users};\n}};\n',
        },
    )
    users_file = "/etc/schema-registry/secrets/users.properties"
    write(
        root / "registry",
        {
            "ca.pem": signer.pem,
            "keystore.p12": signer.key_store("schema-registry-secure", registry),
            "password": registry,
            "users.properties": f"{USER}: {http_client},avrogate\n",
            "jaas.conf": (
                f'KafkaClient {{\n  {PLAIN} username="registry" password="{kafka_registry}";\n}};\n'
                "SchemaRegistry-Props {\n  org.eclipse.jetty.security.jaas.spi.PropertyFileLoginModule required\n"
                f'  file="{users_file}" debug="false";\n}};\n'
            ),
        },
    )
    client = {
        "AVROGATE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "AVROGATE_KAFKA_SASL_MECHANISM": "PLAIN",
        "AVROGATE_KAFKA_SASL_USERNAME": USER,
        "AVROGATE_KAFKA_SASL_PASSWORD": kafka_client,
        "AVROGATE_KAFKA_SSL_CA_LOCATION": "/secrets/client/ca.pem",
        "AVROGATE_REGISTRY_USER": USER,
        "AVROGATE_REGISTRY_PASSWORD": http_client,
        "AVROGATE_REGISTRY_CA": "/secrets/client/ca.pem",
    }
    write(
        root / "client", {"ca.pem": signer.pem, "env": "".join(f"{name}={value}\n" for name, value in client.items())}
    )


if (ROOT / "client" / "env").is_file():
    print("secrets: there already")  # noqa: T201
else:
    make(ROOT)
    print("secrets: made")  # noqa: T201
