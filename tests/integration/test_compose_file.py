"""What the compose file promises and no run shows: pinned images, loopback ports, no secret, users and limits."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from avrogate.endpoints import served
from avrogate.health import Health
from avrogate.settings import Settings
from conftest import by_path, docker_is_missing, free_port

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = sorted((ROOT / "docker").rglob("Dockerfile"))
SHELL = re.compile(rb"#!(/usr/bin/env bash|/bin/(ba)?sh)\n|# shellcheck shell=bash\n")
SCRIPTS = sorted(
    file
    for folder in ("docker", ".ci")
    for file in (ROOT / folder).rglob("*")
    if file.is_file() and SHELL.match(file.read_bytes())
)

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


@each_service
def test_images_are_pinned_and_can_be_chosen(service: dict[str, Any]) -> None:
    variable = re.fullmatch(r"\$\{AVROGATE_IMAGE\w*:-[\w./-]+:([\w.-]+)\}", service["image"])
    assert variable and variable[1] != "latest"


@each_service
def test_ports_are_the_loopback_interface_s(service: dict[str, Any]) -> None:
    for port in service.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{AVROGATE_PORT_\w+:-\d+\}:\d+", port)
    assert service.get("network_mode") in (None, "none")


@each_service
def test_every_service_has_limits_and_no_rights_that_it_does_not_need(service: dict[str, Any]) -> None:
    assert service["mem_limit"]
    assert service["restart"] in ("no", "on-failure", "unless-stopped")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "pid", "ipc"}
    if service["image"].startswith("${AVROGATE_IMAGE:"):
        assert service["read_only"] is True


@pytest.mark.parametrize("name", ["processor", "processor-secure"])
def test_a_processor_says_whether_it_is_ready_and_publishes_nothing(name: str) -> None:
    service = SERVICES[name]
    assert "ports" not in service  # `--scale processor=3` would want one port three times
    port = service["environment"]["AVROGATE_METRICS_PORT"]
    code = service["healthcheck"]["test"][-1]
    assert f'("127.0.0.1", {port}, ' in code
    with served(Settings(metrics_port=free_port(), kafka={}), health := Health(), CollectorRegistry()) as address:
        assert address is not None
        check = [sys.executable, "-c", code.replace(port, address.rpartition(":")[2])]
        assert subprocess.run(check, check=False).returncode == 1
        health.ready = True
        assert subprocess.run(check, check=False).returncode == 0


def test_the_dashboard_says_whether_it_is_ready_where_it_listens() -> None:
    service = SERVICES["dashboard"]
    (port,) = {published.rpartition(":")[2] for published in service["ports"]}
    assert f'("127.0.0.1", {port}, ' in service["healthcheck"]["test"][-1]
    assert int(port) == Settings(kafka={}).dashboard_port
    assert service["environment"]["AVROGATE_DASHBOARD_HOST"] == "0.0.0.0"
    # published on the loopback interface only, so a page of another site must not read it by a name of its own
    assert Settings(
        kafka={}, dashboard_names=service["environment"]["AVROGATE_DASHBOARD_NAMES"]
    ).dashboard_host_names == (
        "localhost",
        "127.0.0.1",
    )


def test_no_variable_of_the_file_is_an_option_of_the_kafka_clients() -> None:
    assert not re.findall(r"\$\{AVROGATE_KAFKA_", TEXT)


def test_no_secret_is_in_it() -> None:
    said = re.findall(r"(?im)^\s*(\w*(?:password|credentials|jaas_config|user_info)\w*)\s*[:=]\s*(.+)$", TEXT)
    assert all(value.startswith("$$") or value == "password" for _, value in said), (
        said
    )  # a file's name, or its content
    assert "BEGIN" not in TEXT


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_an_image_has_a_user_and_a_base_that_is_chosen_outside(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert re.findall(r"(?m)^USER (\S+)$", text)[-1] not in ("root", "0")
    bases = re.findall(r"(?m)^FROM (\S+)", text)
    assert all(base.startswith("${") or base == "dependencies" for base in bases)
    assert ":latest" not in text


@pytest.mark.containers  # with what tests containers: Compose may have to be built first
@pytest.mark.compose
@pytest.mark.parametrize("profile", [(), ("lake",), ("secure",)], ids=["no-profile", "lake", "secure"])
def test_compose_takes_the_file(profile: tuple[str, ...]) -> None:
    compose = by_path(Path(__file__).with_name("compose.py"))
    docker_is_missing(compose.why_not(engine=False))
    done = compose.Compose("avrogate-config", profile)("config", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")  # a warning, say of a variable that is not set, is there too
    services = yaml.safe_load(done.stdout)["services"]
    assert set(services) == {
        name for name, one in SERVICES.items() if set(one.get("profiles", profile)) <= set(profile)
    }
    for service in services.values():
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}


def lint(tool: str, *arguments: str | Path) -> None:
    """Both tools are packages of the `dev` extra that bring a program and no module."""
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts"), tool), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_finds_nothing() -> None:
    lint("hadolint", "--no-color", *DOCKERFILES)


def test_shellcheck_finds_nothing() -> None:
    assert len(SCRIPTS) > 10
    lint("shellcheck", "--external-sources", "--color=never", *SCRIPTS)
