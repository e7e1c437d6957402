"""The user's client options in the words of the Java client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from analytics.kafka_source import source_options
from avrogate.errors import ConfigError
from avrogate.settings import Settings


def options(**given: str) -> dict[str, str]:
    kafka: Any = {name.replace("_", "."): SecretStr(value) for name, value in given.items()}
    return source_options(Settings(bootstrap_servers="broker:1", kafka=kafka), "events")


def test_committed_records_of_the_whole_topic() -> None:
    assert options() == {
        "kafka.bootstrap.servers": "broker:1",
        "kafka.isolation.level": "read_committed",
        "kafka.max.poll.records": "5000",
        "kafka.fetch.max.wait.ms": "50",
        "subscribe": "events",
        "startingOffsets": "earliest",
    }


def test_a_users_own_pace_goes_first() -> None:
    found = options(fetch_wait_max_ms="700", max_poll_records="9")
    assert (found["kafka.fetch.max.wait.ms"], found["kafka.max.poll.records"]) == ("700", "9")
    assert "kafka.fetch.wait.max.ms" not in found


def test_a_login_becomes_a_jaas_line() -> None:
    found = options(
        security_protocol="SASL_SSL", sasl_mechanisms="scram-sha-256", sasl_username="a", sasl_password='p"\\w'
    )
    assert found["kafka.security.protocol"] == "SASL_SSL"
    assert found["kafka.sasl.mechanism"] == "scram-sha-256"
    assert found["kafka.sasl.jaas.config"] == (
        'org.apache.kafka.common.security.scram.ScramLoginModule required username="a" password="p\\"\\\\w";'
    )
    assert not {"kafka.sasl.username", "kafka.sasl.password", "kafka.sasl.mechanisms"} & found.keys()


def test_a_login_that_has_no_translation_is_refused() -> None:
    with pytest.raises(ConfigError, match="OAUTHBEARER"):
        options(sasl_mechanism="OAUTHBEARER", sasl_username="a")


def test_pem_files(tmp_path: Path) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.write_text("CERT")
    key.write_text("KEY")
    found = options(ssl_ca_location="/ca.pem", ssl_certificate_location=str(certificate), ssl_key_location=str(key))
    assert found["kafka.ssl.truststore.type"] == found["kafka.ssl.keystore.type"] == "PEM"
    assert found["kafka.ssl.truststore.location"] == "/ca.pem"
    assert (found["kafka.ssl.keystore.certificate.chain"], found["kafka.ssl.keystore.key"]) == ("CERT", "KEY")


def test_a_missing_pem_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.pem cannot be read"):
        options(ssl_certificate_location=str(tmp_path / "none.pem"), ssl_key_location="k")
