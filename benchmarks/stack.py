"""The stack that a benchmark runs on."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from avrogate.local.service import is_free
from avrogate.local.stack import Stack
from avrogate.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]


def say(line: str) -> None:
    """Tell whoever waits, on standard error."""
    print(line, file=sys.stderr)  # noqa: T201


@contextmanager
def platform(say: Callable[[str], None] = say) -> Iterator[Settings]:
    """The stack that the environment names, or one in a temporary folder; both with a folder of the run's own."""
    found = load_settings()
    with tempfile.TemporaryDirectory() as home:
        if found.bootstrap_servers:
            yield found.model_copy(update={"home": Path(home), "downloads": found.downloads_home})
            return
        settings = found.model_copy(
            update={
                "home": Path(home),
                "downloads": found.downloads_home,
                "stack_kafka_port": free_port(),
                "stack_registry_port": free_port(),
            }
        )
        Stack(settings).up(say)
        try:
            yield settings.model_copy(
                update={"bootstrap_servers": settings.brokers, "registry_url": settings.registry}
            )
        finally:
            Stack(settings).down()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    while not is_free(port := random.randrange(20_000, 32_000)):
        pass
    return port


def environment(settings: Settings) -> dict[str, str]:
    """What a child process needs to be on the same stack, and to import what this process runs."""
    return os.environ | {
        "AVROGATE_BOOTSTRAP_SERVERS": settings.brokers,
        "AVROGATE_REGISTRY_URL": settings.registry,
        "AVROGATE_HOME": str(settings.expanded_home),
        "AVROGATE_DOWNLOADS": str(settings.downloads_home),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
