"""Fixtures of all tests: a running local stack, and topics and subjects of a test's own on it."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from avrogate.errors import StackError
from avrogate.settings import Settings, load_settings
from schemas.catalog import Catalog, load_catalog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from processors.vitals import Vitals

WORKERS, GAP = 4, 4  # processes of `pytest -n` that never draw the same port, and ports from one drawn to the next
_given: set[int] = set()


@dataclass(frozen=True)
class Platform:
    """A broker and a registry with the catalog's topics and schemas on them."""

    settings: Settings
    catalog: Catalog


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now, each time another.

    Below those that the system gives to outgoing connections: one of these could take it before it is used. For the
    same reason the processes of `pytest -n` draw from parts of their own, and the ports beside it, where a broker
    looks for one for its controller, are nobody's.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    while True:
        port = random.SystemRandom().randrange(20_000 + worker * GAP, 32_000, WORKERS * GAP)
        if port in _given:
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port


def pytest_addoption(parser: pytest.Parser) -> None:
    """One suite, two back ends."""
    parser.addoption(
        "--backend",
        choices=("embedded", "containers"),
        default=os.environ.get("AVROGATE_TEST_BACKEND", "embedded"),
        help="where the broker and the registry of `stack` tests run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A shell's background jobs ignore Ctrl-C, and so would every process that a test starts and interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@cache
def by_path(file: Path) -> ModuleType:
    """A module loaded once by its path: tests are in no package."""
    spec = importlib.util.spec_from_file_location(f"avrogate_{file.stem}", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def docker_is_missing(reason: str | None) -> None:
    """Skip the test, or fail it where Docker must be there (AVROGATE_REQUIRE_DOCKER), if there is a reason."""
    if reason is not None:
        (pytest.fail if os.environ.get("AVROGATE_REQUIRE_DOCKER") else pytest.skip)(reason)


def browser_is_missing(reason: str | None) -> None:
    """Skip the test, or fail it where a browser must be there (CI), if there is a reason."""
    if reason is not None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Kafka and the registry as containers, one pair for the run. No engine: skipped, or in CI a failure."""
    module = by_path(Path(__file__).parent / "tests" / "integration" / "containers.py")
    docker_is_missing(module.why_not())
    with module.running_containers(tmp_path_factory.mktemp("containers")) as running:
        yield running


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fast tests first: those without processes, then those with the stack, then those with Spark.

    A file stays in one piece, as its tests share what they start: two processes at once (`pytest -n 2 --dist
    loadfile --no-loadscope-reorder`) share by file, in this order.
    """
    needs: dict[Path, int] = {}
    for item in items:
        need = 2 if item.get_closest_marker("spark") else bool(item.get_closest_marker("stack"))
        needs[item.path] = max(need, needs.get(item.path, 0))
    items.sort(key=lambda item: needs[item.path])


@contextmanager
def running_stack(home: Path) -> Iterator[Settings]:
    """A local stack in `home`, on free ports, with the user's downloads; stopped at the end."""
    from avrogate.local.stack import Stack

    for patience in (2, 1, 0):
        settings = Settings(
            home=home,
            downloads=load_settings().downloads_home,
            stack_kafka_port=free_port(),
            stack_registry_port=free_port(),
            bootstrap_servers=None,
            registry_url=None,
        )
        try:
            Stack(settings).up(print)
            break
        except StackError as error:  # another process may be quicker than the broker: then other ports
            if not patience or "in use" not in str(error):
                raise
    try:
        yield settings
    finally:
        Stack(settings).down()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A broker and a registry that the whole test run shares; nothing is on them yet."""
    if request.config.getoption("--backend") == "containers":
        yield request.getfixturevalue("containers").settings
        return
    with running_stack(tmp_path_factory.mktemp("home")) as settings:
        yield settings


@pytest.fixture(scope="module")
def empty_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A pair of a module's own, for what uses the catalog's topics under their own names."""
    if request.config.getoption("--backend") == "containers":
        module = by_path(Path(__file__).parent / "tests" / "integration" / "containers.py")
        with module.running_containers(tmp_path_factory.mktemp("containers")) as running:
            yield running.settings
        return
    with running_stack(tmp_path_factory.mktemp("home")) as settings:
        yield settings


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark session, as the commands make it, with the user's downloads."""
    from analytics.session import spark_session

    settings = Settings(home=tmp_path_factory.mktemp("spark"), downloads=load_settings().downloads_home)
    session = spark_session(settings, "tests")
    yield session
    session.stop()


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


@contextmanager
def processing(platform: Platform, settings: Settings | None = None, *, end: float = 10.0) -> Iterator[Vitals]:
    """A quality processor on the platform, in a thread; once it is asked to stop it ends within `end` seconds."""
    from processors.run import process
    from processors.vitals import Vitals

    stop, vitals = threading.Event(), Vitals()
    options = {"catalog": platform.catalog, "vitals": vitals}
    thread = threading.Thread(target=process, args=(settings or platform.settings, stop), kwargs=options)
    thread.start()
    try:
        yield vitals
    finally:
        stop.set()
        thread.join(end)
    assert not thread.is_alive()


def wait_until(reached: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until it is so; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


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
