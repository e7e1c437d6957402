import socket
import threading
import time

import pytest
from confluent_kafka import KafkaError

from avrogate.kafka_refusals import refusal, said

BY = "sasl_ssl://127.0.0.1:9094/bootstrap: "
AFTER = " (after 301ms in state AUTH_REQ)"
LOGIN, TLS, TRANSPORT = KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError._TRANSPORT
UNTRUSTED = "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could"


@pytest.mark.parametrize(
    ("code", "text", "message", "hint"),
    [
        (
            LOGIN,
            "SASL authentication error: Authentication failed: Invalid username or password",
            "refuses the credentials (Authentication failed: Invalid username or password)",
            "AVROGATE_KAFKA_SASL_USERNAME and AVROGATE_KAFKA_SASL_PASSWORD",
        ),
        (
            LOGIN,
            "SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism",
            "refuses the login (SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism)",
            "AVROGATE_KAFKA_SASL_MECHANISM",
        ),
        (TLS, UNTRUSTED, "its certificate is not trusted", "AVROGATE_KAFKA_SSL_CA_LOCATION"),
    ],
)
def test_a_refusal_is_said_with_its_cause(code, text, message, hint):
    why = said(KafkaError(code, BY + text + AFTER), "there:9094")
    assert why.message.startswith("broker at there:9094")
    assert why.message.endswith(message)
    assert hint in why.hint


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (LOGIN, "SASL authentication error: Local: Broker transport failure"),
        (LOGIN, "Failed to acquire SASL OAUTHBEARER token: timed out"),
        (TLS, "SSL handshake failed: connection reset by peer"),
        (TRANSPORT, "SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?"),
        (KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"),
    ],
)
def test_a_connection_that_broke_is_no_refusal(code, text):
    assert said(KafkaError(code, BY + text + AFTER), "there:9094") is None


def test_nobody_at_the_address_is_no_refusal():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        began = time.monotonic()
        assert refusal({"bootstrap.servers": f"127.0.0.1:{bound.getsockname()[1]}"}) is None
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x08\0\0"])
def test_what_is_no_broker_is_no_refusal(answer):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for _ in range(2):  # asked with TLS, then without
                client, _address = server.accept()
                with client:
                    client.recv(4096)
                    client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert refusal({"bootstrap.servers": f"127.0.0.1:{server.getsockname()[1]}"}) is None
        thread.join(5)
