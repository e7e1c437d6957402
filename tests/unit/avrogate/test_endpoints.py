"""What a service answers over HTTP, on a real socket."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry, Counter

from avrogate import endpoints
from avrogate.endpoints import served
from avrogate.errors import ConfigError
from avrogate.health import Health
from avrogate.settings import Settings
from conftest import free_port


def settings(port: int | None = None, host: str = "127.0.0.1") -> Settings:
    return Settings(metrics_port=port, metrics_host=host, kafka={})


@contextmanager
def service(health: Health | None = None, registry: CollectorRegistry | None = None) -> Iterator[int]:
    port = free_port()
    with served(settings(port), health or Health(), registry or CollectorRegistry()) as address:
        assert address == f"http://127.0.0.1:{port}"
        yield port


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str, http.client.HTTPResponse]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    client.request(method, path, headers=headers)
    response = client.getresponse()
    return response.status, response.read().decode(), response


def test_what_waiting_does_not_cure_asks_for_a_restart() -> None:
    health = Health()
    with service(health) as port:
        health.trouble("broker", "broker unreachable")
        assert ask(port, "/livez")[0] == 200
        health.trouble("reader", "a topic is read no more", final=True)
        status, body, _ = ask(port, "/livez")
        assert (status, json.loads(body)) == (503, {"status": "dead"})


def test_health_follows_the_troubles_and_readiness_both() -> None:
    now = [1_700_000_000.0]
    health = Health(clock=lambda: now[0])
    with service(health) as port:
        assert [ask(port, path)[0] for path in ("/healthz", "/readyz", "/livez")] == [200, 503, 200]
        health.ready = True
        assert ask(port, "/readyz?verbose=1")[0] == 200
        health.trouble("registry", "registry unreachable at http://r (refused)")
        status, body, response = ask(port, "/healthz")
        assert (status, response.headers["Content-Type"]) == (503, "application/json")
        said = json.loads(body)
        seconds = said["troubles"][0].pop("seconds")
        assert seconds > 0
        assert said == {
            "status": "unhealthy",
            "ready": True,
            "outages": 1,
            "troubles": [
                {
                    "part": "registry",
                    "message": "registry unreachable at http://r (refused)",
                    "since": "2023-11-14T22:13:20.000+00:00",
                }
            ],
        }
        assert [ask(port, path)[0] for path in ("/readyz", "/livez")] == [503, 200]
        health.well("registry")
        assert [ask(port, path)[0] for path in ("/healthz", "/readyz")] == [200, 200]


def test_metrics_in_the_format_that_is_asked_for() -> None:
    registry = CollectorRegistry()
    Counter("things", "Things.", registry=registry).inc(2)
    with service(registry=registry) as port:
        _, plain, response = ask(port, "/metrics")
        assert "things_total 2.0" in plain
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        _, modern, response = ask(port, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert response.headers["Content-Type"].startswith("application/openmetrics-text")
        assert modern.endswith("# EOF\n")


def test_other_questions_get_a_short_no() -> None:
    with service() as port:
        assert ask(port, "/nothing<b>")[:2] == (404, "try /metrics, /healthz, /readyz or /livez\n")
        for method in ("POST", "DELETE", "PATCH", "ODD"):
            status, body, response = ask(port, "/metrics", method)
            assert (status, body, response.headers["Allow"]) == (405, "Method Not Allowed\n", "GET, HEAD")
        status, body, response = ask(port, "/livez", "HEAD")
        assert (status, body, int(response.headers["Content-Length"])) == (200, "", 20)
        assert response.headers["Server"].strip() == "avrogate"
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
            answer = client.recv(10_000)
        assert b"nonsense" not in answer
        assert b"Bad request syntax" not in answer


class Broken:
    """A collector with a defect."""

    def collect(self) -> list[object]:
        raise RuntimeError("secret of the inside")


def test_a_defect_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Broken())  # type: ignore[arg-type]
    with service(registry=registry) as port:
        assert ask(port, "/metrics")[:2] == (500, "a defect; the log has it\n")
        assert ask(port, "/livez")[0] == 200
    assert "secret of the inside" in caplog.text


def test_several_on_one_machine_get_a_port_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "FIRST_PORT", free_port())
    registry = CollectorRegistry()
    with served(settings(), Health(), registry) as first, served(settings(), Health(), registry) as second:
        assert first and second and first != second
    with served(settings(), Health(), registry) as again:
        assert again == first, "the port was given back"


def test_all_of_them_taken_is_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(endpoints, "FIRST_PORT", taken.getsockname()[1])
        monkeypatch.setattr(endpoints, "PORTS", 1)
        with served(settings(), Health(), CollectorRegistry()) as address:
            assert address is None
    assert "are in use: no metrics" in caplog.text


def test_zero_is_for_none() -> None:
    with served(settings(0), Health(), CollectorRegistry()) as address:
        assert address is None


def test_a_port_that_was_asked_for_and_cannot_be_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"AVROGATE_METRICS_PORT: port {port} of 127.0.0.1 is in use"):
            served(settings(port), Health(), CollectorRegistry()).__enter__()


def test_a_host_that_is_none_of_ours() -> None:
    for host in ("203.0.113.1", "no.such.host.invalid"):
        with pytest.raises(ConfigError, match=f"AVROGATE_METRICS_HOST: {host} is no address of this machine"):
            served(settings(None, host), Health(), CollectorRegistry()).__enter__()


def test_a_privileged_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(endpoints, "_Server", refuse)
    with pytest.raises(ConfigError, match=r"port 80 of 127\.0\.0\.1 cannot be had: it is for privileged users"):
        served(settings(80), Health(), CollectorRegistry()).__enter__()
