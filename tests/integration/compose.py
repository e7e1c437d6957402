"""docker-compose.yml as a project of a test's own: its own name, free ports, and nothing left at the end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from conftest import free_port

ROOT = Path(__file__).parents[2]
PORTS = ("KAFKA", "REGISTRY", "SPARK", "DASHBOARD", "KAFKA_SECURE", "REGISTRY_SECURE")

Done = subprocess.CompletedProcess[str]


@cache
def command() -> tuple[str, ...]:
    """Compose v2, as words; built if the engine has no plugin (see docker/compose.sh)."""
    found = subprocess.run([ROOT / "docker" / "compose.sh"], capture_output=True, text=True, check=True)
    return tuple(found.stdout.split())


def why_not(*, engine: bool = True) -> str | None:
    """Why Compose cannot be used here, in one line; None if it can. `config` is a question that needs no engine."""
    if engine and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        return "compose: no Docker engine answers (start it, or as root on Debian: docker/engine.sh up)"
    try:
        command()
    except subprocess.CalledProcessError as error:
        return str(error.stderr).strip().splitlines()[-1]
    return None


@dataclass(frozen=True)
class Compose:
    """A project. `profile` are the profiles that are on, `environment` is what differs from this process's."""

    project: str
    profile: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, timeout: float = 180) -> Done:
        """Any command of Compose. Its failure is the caller's to look at; raises TimeoutExpired."""
        profiles = [word for name in self.profile for word in ("--profile", name)]
        # not the caller's: compose would take its file, its project and its profiles from there
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
        return subprocess.run(
            [
                *command(),
                "--file",
                ROOT / "docker-compose.yml",
                "--project-name",
                self.project,
                *profiles,
                *arguments,
            ],
            env=inherited | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def up(self, *arguments: str, timeout: float = 180) -> None:
        """`up -d` of services, with options if they come first. Raises AssertionError with what was said."""
        done = self("up", "--detach", "--no-build", *arguments, timeout=timeout)
        assert done.returncode == 0, f"{done.stderr}\n{self.logs()}"

    def run(self, service: str, *arguments: str, options: tuple[str, ...] = (), timeout: float = 120) -> Done:
        """A container of a service for one command, and without the services that it depends on."""
        return self("run", "--rm", "--no-deps", "--no-TTY", *options, service, *arguments, timeout=timeout)

    def logs(self, *services: str) -> str:
        """What the containers said so far, those that have ended too."""
        return self("logs", "--no-color", *services).stdout

    def containers(self, *services: str) -> list[str]:
        """The ids of the containers, those that have ended too."""
        return self("ps", "--all", "--quiet", *services).stdout.split()

    def down(self) -> None:
        """Remove containers, networks and volumes, those of all profiles: `run` needs none to use one's service."""
        everything = replace(self, profile=("*",))
        done = everything("down", "--volumes", "--remove-orphans", "--timeout", "10")
        assert done.returncode == 0, done.stderr


@contextmanager
def project(name: str, *profile: str, **environment: str) -> Iterator[Compose]:
    """A project on free ports, gone at the end whatever happens. `name` is made unique to this process."""
    ports = {f"AVROGATE_PORT_{port}": str(free_port()) for port in PORTS}
    made = Compose(f"avrogate-{name}-{os.getpid()}", profile, ports | environment)
    try:
        yield made
    finally:
        made.down()
