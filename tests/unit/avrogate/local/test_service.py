"""How a failed start is explained, and ports that are in use."""

import os
import socket

import pytest

from avrogate.errors import StackError
from avrogate.local.kafka import Kafka, _cluster_id, _free_port
from avrogate.local.registry import Registry
from avrogate.settings import Settings

KAFKA_DEATH = """\
INFO o.a.k.s: starting
ERROR kafka.Kafka$: Exiting Kafka due to fatal exception
java.lang.RuntimeException: outer
    at kafka.Kafka.main(Kafka.scala)
Caused by: java.io.IOException: meta.properties is broken
    at somewhere(Else.java)
INFO bye
"""


@pytest.fixture
def broker(tmp_path):
    service = Kafka(Settings(home=tmp_path))
    service.log.parent.mkdir(parents=True)
    return service


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (KAFKA_DEATH, "java.io.IOException: meta.properties is broken"),
        ("x\nIOException: No space left on device\ny\n", "disk full"),
        ("java.net.BindException: Address already in use\n", "its port is in use"),
        ("UnsupportedClassVersionError: 65.0 ... 61.0", "this Java is too old for it"),
        (
            "Error: Could not find or load main class kafka.Kafka\n",
            "Error: Could not find or load main class kafka.Kafka",
        ),
        ("a\nlast words\n\n", "last words"),
        ("", "it said nothing"),
    ],
)
def test_death_is_explained_from_the_log(broker, log, cause):
    broker.log.write_text(log)
    error = broker.died(1, 0)
    assert error.message == f"Kafka broker ended at its start (exit code 1): {cause}"
    assert error.hint == f"log: {broker.log}"


def test_only_this_starts_part_of_the_log_counts(broker):
    broker.log.write_text("disk: No space left on device\n")
    start = broker.log.stat().st_size
    with broker.log.open("a") as log:
        log.write("java.lang.IllegalStateException: new trouble\n")
    assert broker.died(1, start).message.endswith("IllegalStateException: new trouble")


def test_port_in_use_names_port_holder_and_variable(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = Registry(Settings(home=tmp_path, stack_registry_port=port))
        with pytest.raises(
            StackError, match=rf"^schema registry: port {port} is in use by .*pid {os.getpid()}"
        ) as error:
            service.require_free_port()
    assert "AVROGATE_STACK_REGISTRY_PORT" in error.value.hint
    service.require_free_port()


def test_port_taken_on_all_addresses_is_in_use(tmp_path):
    with socket.create_server(("0.0.0.0", 0)) as taken:
        service = Kafka(Settings(home=tmp_path, stack_kafka_port=taken.getsockname()[1]))
        with pytest.raises(StackError, match="is in use"):
            service.require_free_port()


def test_controller_takes_a_free_port_beside_the_brokers():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = _free_port(port - 1, avoid=port + 1)
    assert chosen not in (port - 1, port, port + 1)


def test_cluster_ids_are_22_characters_and_no_option():
    ids = {_cluster_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(one) == 22 and "-" not in one for one in ids)
