"""Avrogate's commands as a user starts them, each home with a local stack of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from avrogate.settings import Settings
from benchmarks.stack import ROOT, free_port

COMMAND = (sys.executable, "-c", "from avrogate.cli import main; main()")
# an existing cluster is not for these: what they start is theirs
ELSEWHERE = ("AVROGATE_BOOTSTRAP_SERVERS", "AVROGATE_REGISTRY_URL", "AVROGATE_LAKE", "AVROGATE_CHECKPOINTS")
PATIENCE = 60.0


@dataclass(frozen=True)
class Home:
    """A folder, and the local stack that would run from it."""

    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        """What a command takes to run there, and to run this source."""
        kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
        return kept | {
            "AVROGATE_HOME": str(self.settings.expanded_home),
            "AVROGATE_DOWNLOADS": str(self.settings.downloads_home),
            "AVROGATE_STACK_KAFKA_PORT": str(self.settings.stack_kafka_port),
            "AVROGATE_STACK_REGISTRY_PORT": str(self.settings.stack_registry_port),
            "AVROGATE_METRICS_PORT": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        }

    def run(self, *arguments: str) -> str:
        """Run a command to its end; what it printed. Raises CalledProcessError, with what it said on stderr."""
        done = subprocess.run([*COMMAND, *arguments], env=self.environment, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr, file=sys.stderr)  # noqa: T201
            done.check_returncode()
        return done.stdout

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command that runs while the block does, asked to end after it. Its words are in a log of the home."""
        log = self.settings.expanded_home / f"{'-'.join(arguments[:2])}.log"
        with log.open("wb") as output:
            process = subprocess.Popen([*COMMAND, *arguments], env=self.environment, stdout=output, stderr=output)
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)


def home_at(folder: Path, settings: Settings) -> Home:
    """A new home, with ports that nobody listens on; the rest as `settings` say."""
    folder.mkdir(parents=True)
    own = {
        "home": folder,
        "downloads": settings.downloads_home,
        "stack_kafka_port": free_port(),
        "stack_registry_port": free_port(),
        **dict.fromkeys(("bootstrap_servers", "registry_url", "lake", "checkpoints")),
    }
    return Home(settings.model_copy(update=own))


@contextmanager
def with_stack(home: Home, commands: Sequence[Sequence[str]] = ()) -> Iterator[Home]:
    """The home's stack while the block runs, after some commands."""
    home.run("stack", "up")
    try:
        for command in commands:
            home.run(*command)
        yield home
    finally:
        home.run("stack", "down")
