"""Fixtures of all tests: a running local stack, and topics and subjects of a test's own on it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from avrogate.settings import Settings, load_settings
from schemas.catalog import Catalog, load_catalog


@dataclass(frozen=True)
class Platform:
    """A broker and a registry with the catalog's topics and schemas on them."""

    settings: Settings
    catalog: Catalog


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fast tests first: those without processes, then those with the stack, then those with Spark."""
    items.sort(key=lambda item: 2 if item.get_closest_marker("spark") else bool(item.get_closest_marker("stack")))


@contextmanager
def running_stack(home: Path) -> Iterator[Settings]:
    """A local stack in `home`, on free ports, with the user's downloads; stopped at the end."""
    from avrogate.local.stack import Stack

    settings = Settings(
        home=home,
        downloads=load_settings().downloads_home,
        stack_kafka_port=free_port(),
        stack_registry_port=free_port(),
        bootstrap_servers=None,
        registry_url=None,
    )
    Stack(settings).up(print)
    try:
        yield settings
    finally:
        Stack(settings).down()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A local stack that the whole test run shares; nothing is on it yet."""
    with running_stack(tmp_path_factory.mktemp("home")) as settings:
        yield settings


@pytest.fixture(scope="module")
def empty_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A local stack of a module's own, for what uses the catalog's topics under their own names."""
    with running_stack(tmp_path_factory.mktemp("home")) as settings:
        yield settings


@pytest.fixture
def platform(stack: Settings, tmp_path: Path) -> Platform:
    """Topics and subjects of this test's own (the catalog's names with a suffix), and a home of its own."""
    from schemas.register import register_all
    from schemas.registry import Registry
    from schemas.topics import create_topics

    catalog = load_catalog().suffixed(uuid.uuid4().hex[:8])
    settings = Settings(
        home=tmp_path,
        downloads=stack.downloads,
        bootstrap_servers=stack.brokers,
        registry_url=stack.registry,
    )
    list(create_topics(catalog, settings))
    list(register_all(catalog, Registry(settings)))
    return Platform(settings, catalog)


def environment(settings: Settings) -> dict[str, str]:
    """What a child process needs to be on the same stack."""
    external = {
        "AVROGATE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "AVROGATE_REGISTRY_URL": settings.registry_url,
        "AVROGATE_JAVA_HOME": settings.java_home,
    }
    chosen = {name: str(value) for name, value in external.items() if value is not None}
    inherited = {name: value for name, value in os.environ.items() if name not in external}
    return (
        inherited
        | chosen
        | {
            "AVROGATE_HOME": str(settings.expanded_home),
            "AVROGATE_DOWNLOADS": str(settings.downloads_home),
            "AVROGATE_STACK_KAFKA_PORT": str(settings.stack_kafka_port),
            "AVROGATE_STACK_REGISTRY_PORT": str(settings.stack_registry_port),
            "COLUMNS": "200",
        }
    )


@pytest.fixture(scope="session")
def avrogate() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line as a user does: `avrogate(settings, "audit", "--format", "json")`."""

    def run(settings: Settings, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("avrogate"), *arguments],
            env=environment(settings),
            input=text,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


os.environ.setdefault("NO_COLOR", "1")
