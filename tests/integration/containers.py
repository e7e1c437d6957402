"""Kafka and the schema registry as containers, by the variables and ports that the public images document.

Images and variables are those of docker-compose.yml: the public images unless AVROGATE_IMAGE_KAFKA and
AVROGATE_IMAGE_REGISTRY name others. Ports on the host are chosen here and not by the engine: they stay the same when
a test stops a container and starts it again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from avrogate.local.registry import lists_subjects
from avrogate.settings import LOOPBACK, Settings
from conftest import free_port

# as they are deployed: what differs here is said below
COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
START_LIMIT = 120.0
# a client that a test kills is missed sooner
IMPATIENT = {"KAFKA_BROKER_SESSION_TIMEOUT_MS": "3000", "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS": "500"}


def _image(service: str) -> str:
    """The image of a service: `${VARIABLE:-default}` in the file."""
    variable, _, default = COMPOSE[service]["image"].removeprefix("${").removesuffix("}").partition(":-")
    return os.environ.get(variable) or str(default)


def why_not() -> str | None:
    """Why containers cannot be used here, in one line; None if they can."""
    try:
        import testcontainers  # noqa: F401

        import docker
    except ImportError as error:
        return f"containers: the package {error.name} is missing (make integration installs it)"
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=20)
        client.ping()
    except DockerException:
        return "containers: no Docker engine answers (start it, or as root on Debian: docker/engine.sh up)"
    client.close()
    return None


@dataclass(frozen=True)
class Containers:
    """A broker and a registry that answer; `kafka` and `registry` are their docker containers, to pause and stop."""

    settings: Settings
    kafka: object = field(repr=False)
    registry: object = field(repr=False)

    def wait(self) -> None:
        """Until both answer again after a test has stopped one of them."""
        _until("the broker", lambda: _broker_answers(self.settings.brokers))
        _until("the registry", lambda: lists_subjects(self.settings.registry))


@contextmanager
def running_containers(home: Path) -> Iterator[Containers]:
    """A pair on a network of its own, gone at the end whatever happens."""
    # before testcontainers is imported: it reads them then. Its own cleaner is one more public image
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
    os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", LOOPBACK)
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.network import Network

    kafka_port, registry_port = free_port(), free_port()
    advertised = f"PLAINTEXT://kafka:29092,HOST://{LOOPBACK}:{kafka_port}"
    settings = Settings(
        home=home, bootstrap_servers=f"{LOOPBACK}:{kafka_port}", registry_url=f"http://{LOOPBACK}:{registry_port}"
    )

    def container(service: str, port: int, host_port: int, memory: str) -> DockerContainer:
        made = DockerContainer(_image(service), network=network, network_aliases=[service], mem_limit=memory)
        made.env |= COMPOSE[service]["environment"]
        made.ports[str(port)] = (LOOPBACK, host_port)  # docker's own form of an address
        return made

    with ExitStack() as stack:
        network = stack.enter_context(Network())
        kafka = container("kafka", 9092, kafka_port, "1g")
        kafka.env |= IMPATIENT | {"KAFKA_ADVERTISED_LISTENERS": advertised}
        stack.enter_context(kafka)
        _until("the broker", lambda: _broker_answers(settings.brokers))
        registry = container("schema-registry", 8081, registry_port, "768m")
        stack.enter_context(registry)
        _until("the registry", lambda: lists_subjects(settings.registry))
        yield Containers(settings, kafka.get_wrapped_container(), registry.get_wrapped_container())


def _until(what: str, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not answers():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not answer within {START_LIMIT:.0f} s")
        time.sleep(0.2)


def _broker_answers(address: str) -> bool:
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    try:
        return bool(AdminClient({"bootstrap.servers": address, "log_level": 0}).list_topics(timeout=2).brokers)
    except KafkaException:
        return False
