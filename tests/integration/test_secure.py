"""The profile `secure` of docker-compose.yml: what goes in runs the pipeline, everything else is refused in one line.

No password is to be seen from outside of the volumes that the containers read them from.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import by_path, docker_is_missing

pytestmark = [pytest.mark.containers, pytest.mark.compose]

EVENTS = 300
FILES = (
    *("kafka/password", "kafka/jaas.conf", "registry/password", "registry/jaas.conf", "registry/users.properties"),
    "client/env",
)
OTHER_CA = "/other-ca.pem"


@dataclass(frozen=True)
class Secure:
    """The running project, the passwords in its volumes in all forms, and another authority's file."""

    compose: Any
    secrets: frozenset[str] = field(repr=False)
    other_ca: Path

    def shell(self, script: str) -> tuple[int, str]:
        """Exit code and all output of a script in a container that has the clients' settings.

        Fails if a password is in the output.
        """
        options = ("--entrypoint", "sh", "--volume", f"{self.other_ca}:{OTHER_CA}:ro")
        lines = ["set -a", ". /secrets/client/env", "AVROGATE_REQUEST_TIMEOUT=2", script]
        done = self.compose.run("processor-secure", "-ec", "\n".join(lines), options=options)
        # compose says what it does on stderr, as well
        said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if "Container " not in line)
        assert self.seen_in(said) == []
        return done.returncode, said

    def seen_in(self, text: str) -> list[str]:
        """The passwords in a text, by their first letters only: this goes into a report."""
        return [secret[:4] for secret in self.secrets if secret in text]


@pytest.fixture(scope="module")
def secure(certificates: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """The pipeline behind passwords and TLS, up once."""
    here = Path(__file__).parent
    docker_is_missing(by_path(here / "compose.py").why_not())
    other = certificates.authority(tmp_path_factory.mktemp("other"), "other").file
    sizes = {"AVROGATE_EVENTS": str(EVENTS), "AVROGATE_RATE": "300"}
    with by_path(here / "compose.py").project("secure", "secure", **sizes) as compose:
        compose.up("producer-secure", "processor-secure")
        files = (f"/secrets/{name}" for name in FILES)
        found = compose.run("secrets", "-h", ".", *files, options=("--entrypoint", "grep")).stdout
        yield Secure(compose, frozenset(_forms(found)), other)


def _forms(files: str) -> Iterator[str]:
    words = set(re.findall(r"(?<![\w-])[\w-]{32}(?![\w-])", files))
    words = {word for word in words if not word.startswith("AVROGATE_")}
    assert len(words) == 5, "one for each of broker, registry, registry at the broker, client at each"
    for word in words:
        yield word
        for login in (word, f"avrogate:{word}", f"\0avrogate\0{word}"):
            yield base64.b64encode(login.encode()).decode().rstrip("=")


def test_the_right_credentials_run_the_pipeline(secure: Secure) -> None:
    assert secure.compose("wait", "producer-secure").returncode == 0
    end = time.monotonic() + 60
    while True:
        code, said = secure.shell("avrogate audit --format json")
        assert code == 0, said
        report = json.loads(said)
        total = {what: sum(part[what] for part in report["partitions"]) for what in ("events", "enriched", "pending")}
        if total["pending"] == 0 or time.monotonic() > end:
            break
    assert report["adds_up"]
    assert total["events"] + sum(report["refused_by_producer"].values()) == EVENTS
    assert total["enriched"] > EVENTS * 0.9
    assert total["pending"] == 0


BROKER, REGISTRY = "avrogate --debug topics create", "avrogate --debug schemas list"
LOGIN = "AVROGATE_KAFKA_SASL_USERNAME and AVROGATE_KAFKA_SASL_PASSWORD"
WRONG = {
    "broker, wrong password": (
        f"AVROGATE_KAFKA_SASL_PASSWORD=guess {BROKER}",
        r"broker at kafka-secure:29092 refuses the credentials \(Authentication failed.*\)",
    ),
    "broker, wrong CA": (
        f"AVROGATE_KAFKA_SSL_CA_LOCATION={OTHER_CA} {BROKER}",
        r"broker at kafka-secure:29092: its certificate is not trusted \(.*self-signed.*\)",
    ),
    "broker, plaintext": (
        f"unset AVROGATE_KAFKA_SECURITY_PROTOCOL; {BROKER}",
        "broker at kafka-secure:29092 wants SASL_SSL, the client speaks PLAINTEXT",
    ),
    "broker, login without TLS": (
        f"AVROGATE_KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT {BROKER}",
        "broker at kafka-secure:29092 wants SASL_SSL, the client speaks SASL_PLAINTEXT",
    ),
    "registry, wrong password": (
        f"AVROGATE_REGISTRY_PASSWORD=guess {REGISTRY}",
        r"registry at https://schema-registry-secure:8081 refuses the credentials \(HTTP 401\)",
    ),
    "registry, wrong CA": (
        f"AVROGATE_REGISTRY_CA={OTHER_CA} {REGISTRY}",
        r"registry at https://schema-registry-secure:8081: its certificate is not trusted \(.*\)",
    ),
    "registry, plaintext": (
        f"AVROGATE_REGISTRY_URL=http://schema-registry-secure:8081 {REGISTRY}",
        r"registry (unreachable )?at http://schema-registry-secure:8081 .*",
    ),
}
HINTS = {
    "broker, wrong password": f"look at {LOGIN}",
    "broker, wrong CA": "set AVROGATE_KAFKA_SSL_CA_LOCATION to a PEM file",
    "broker, plaintext": "set AVROGATE_KAFKA_SECURITY_PROTOCOL to SASL_SSL; AVROGATE_KAFKA_SASL_MECHANISM (PLAIN)",
    "broker, login without TLS": "set AVROGATE_KAFKA_SECURITY_PROTOCOL to SASL_SSL",
    "registry, wrong password": "look at AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD",
    "registry, wrong CA": "set AVROGATE_REGISTRY_CA to a PEM file",
    "registry, plaintext": "a registry behind TLS wants https://: look at AVROGATE_REGISTRY_URL",
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_refused_in_one_line(case: str, secure: Secure) -> None:
    command, line = WRONG[case]
    code, said = secure.shell(command.replace(" --debug", ""))
    first, *rest = said.splitlines()
    assert code == 1, said
    assert re.fullmatch(f"avrogate: {line}", first), said
    assert " ".join(" ".join(rest).split()).startswith(HINTS[case]), said
    assert "Traceback" not in said


def test_no_password_is_in_the_output_of_a_command(secure: Secure) -> None:
    dump = "import avrogate.settings as s; x = s.load_settings(); print(repr(x), x.model_dump(), x.model_dump_json())"
    debugged = "\n".join(f"{command} && exit 9" for command, _ in list(WRONG.values())[::3])
    script = f"avrogate --help\navrogate --debug topics create\npython -c '{dump}'\n({debugged}\ntrue)"
    code, said = secure.shell(script)
    assert code == 0, said
    assert said.count("Traceback") >= 3
    assert "sasl.password" in said, "the settings are dumped, and it is among them"
    assert "guess" not in said


def test_no_password_is_in_a_log_or_in_what_the_engine_tells(secure: Secure) -> None:
    import docker

    assert secure.compose("stop", "processor-secure").returncode == 0  # it says at its end what it did
    logs = secure.compose.logs()
    for service in ("secrets", "kafka", "schema-registry", "topics", "register", "producer", "processor"):
        assert re.search(rf"(?m)^{service}(-secure)?-1 ", logs), f"{service} has said nothing"
    assert secure.seen_in(logs) == []
    client = docker.from_env()
    containers = secure.compose.containers()
    assert len(containers) == 7
    for container in containers:
        assert secure.seen_in(json.dumps(client.api.inspect_container(container))) == []
    client.close()


def test_a_password_would_be_found(secure: Secure) -> None:
    code, said = secure.shell("echo ${#AVROGATE_KAFKA_SASL_PASSWORD} ${#AVROGATE_REGISTRY_PASSWORD}")
    assert (code, said.strip()) == (0, "32 32")
    with pytest.raises(AssertionError):
        secure.shell("echo $AVROGATE_KAFKA_SASL_PASSWORD")
