"""A client that a broker wants no other way: refused with the cause, whatever it was about to do."""

from __future__ import annotations

import time

import pytest

from avrogate.errors import ConfigError
from avrogate.kafka import client_config, consumer, require_topic
from avrogate.kafka_refusals import refusal
from avrogate.settings import Settings

pytestmark = pytest.mark.stack

LOGIN = {"sasl.mechanism": "PLAIN", "sasl.username": "ann", "sasl.password": "guess"}


def settings_of(stack: Settings, **kafka: str) -> Settings:
    options = {name.replace("_", "."): value for name, value in kafka.items()}
    return Settings(bootstrap_servers=stack.brokers, kafka=LOGIN | options, request_timeout=1)


@pytest.mark.parametrize("protocol", ["SASL_SSL", "SSL", "SASL_PLAINTEXT"])
def test_another_protocol_than_the_broker_s(stack: Settings, protocol: str) -> None:
    with pytest.raises(ConfigError, match=f"wants PLAINTEXT, the client speaks {protocol}$") as refused:
        require_topic(settings_of(stack, security_protocol=protocol), "events-raw")
    assert refused.value.hint == "set AVROGATE_KAFKA_SECURITY_PROTOCOL to PLAINTEXT"


def test_who_is_let_in_is_not_refused(stack: Settings) -> None:
    assert refusal(client_config(settings_of(stack))) is None


def test_a_reader_that_is_refused_does_not_wait_for_ever(stack: Settings) -> None:
    reader = consumer(settings_of(stack, security_protocol="SASL_PLAINTEXT"), "avrogate-test-refused")
    reader.subscribe(["events-raw"])
    end = time.monotonic() + 10
    with pytest.raises(ConfigError, match="refuses the login"):
        while time.monotonic() < end:
            reader.consume(10, 0.2)
