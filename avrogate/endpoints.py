"""What a service answers over HTTP: its metrics, and whether it is well. On the loopback interface unless told.

/metrics   for Prometheus, OpenMetrics if the client asks for it
/healthz   200 while nothing keeps the service from its work, else 503
/readyz    200 when it is healthy and does its work, else 503
/livez     200 for as long as the process answers and no part of it has ended for good, else 503
"""

from __future__ import annotations

import errno
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from avrogate.errors import ConfigError
from avrogate.health import Health
from avrogate.settings import Settings

log = logging.getLogger(__name__)

# where exporters of OpenTelemetry are looked for, too; and how many ports from there on are tried
FIRST_PORT, PORTS = 9464, 10
# seconds that a client may be silent before its connection is closed
SILENCE = 10
JSON, TEXT = "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: HTTPStatus
    body: bytes
    kind: str = JSON


class Endpoints:
    """The answers, by path. `health` and `registry` may be written by other threads meanwhile."""

    def __init__(self, health: Health, registry: CollectorRegistry, clock: Callable[[], float] = time.time) -> None:
        self._health = health
        self._registry = registry
        self._clock = clock

    def answer(self, path: str, accept: str) -> Answer:
        """The answer to a question; `accept` is its header."""
        if path == "/metrics":
            encode, kind = choose_encoder(accept)
            return Answer(HTTPStatus.OK, encode(self._registry), kind)
        health = self._health
        if path == "/livez":
            return _said(health.alive, {"status": "alive" if health.alive else "dead"})
        if path == "/healthz":
            return self._state(health.healthy, "healthy", "unhealthy")
        if path == "/readyz":
            return self._state(health.healthy and health.ready, "ready", "not ready")
        return Answer(HTTPStatus.NOT_FOUND, b"try /metrics, /healthz, /readyz or /livez\n", TEXT)

    def _state(self, well: bool, yes: str, no: str) -> Answer:
        now = self._clock()
        troubles = [
            {
                "part": part,
                "message": trouble.message,
                "since": datetime.fromtimestamp(trouble.since, UTC).isoformat(timespec="milliseconds"),
                "seconds": round(max(now - trouble.since, 0.0), 1),
            }
            for part, trouble in sorted(self._health.troubles.items())
        ]
        state = {"status": yes if well else no, "ready": self._health.ready, "troubles": troubles}
        return _said(well, state | {"outages": self._health.outages})


@contextmanager
def served(settings: Settings, health: Health, registry: CollectorRegistry) -> Iterator[str | None]:
    """Answer from a thread of its own while the block runs; gives the address, None if there is none.

    Raises ConfigError if the port that was asked for cannot be had. If none was asked for and all that are tried
    are taken, that is logged and nothing is served.
    """
    server = _bound(settings, _handler(Endpoints(health, registry)))
    if server is None:
        yield None
        return
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="endpoints", daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        super().__init__((host, port), handler)

    def server_bind(self) -> None:
        """As the base class does, but for its look-up of the host's name, which may take seconds."""
        super(HTTPServer, self).server_bind()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in mid-answer is no news."""
        log.debug("a client's connection broke", exc_info=True)

    @property
    def address(self) -> str:
        """Where it answers."""
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}"


def _bound(settings: Settings, handler: type[BaseHTTPRequestHandler]) -> _Server | None:
    host, wanted = settings.metrics_host, settings.metrics_port
    if wanted == 0:
        return None
    for port in range(FIRST_PORT, FIRST_PORT + PORTS) if wanted is None else [wanted]:
        try:
            return _Server(host, port, handler)
        except OSError as error:
            if wanted is None and error.errno == errno.EADDRINUSE:
                continue
            raise _cannot(error, host, port) from error
    log.warning("ports %d to %d are in use: no metrics, no health", FIRST_PORT, FIRST_PORT + PORTS - 1)
    return None


def _cannot(error: OSError, host: str, port: int) -> ConfigError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigError(
            f"AVROGATE_METRICS_HOST: {host} is no address of this machine", "127.0.0.1 or 0.0.0.0, say"
        )
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"AVROGATE_METRICS_PORT: port {port} of {host} is in use",
            "without the setting, the first free port from 9464 on is taken; 0 is for none",
        )
    why = "it is for privileged users" if isinstance(error, PermissionError) else str(error.strerror)
    return ConfigError(f"AVROGATE_METRICS_PORT: port {port} of {host} cannot be had: {why}", "take one above 1023")


def _handler(endpoints: Endpoints) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SILENCE
        server_version, sys_version = "avrogate", ""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            try:
                answer = endpoints.answer(path, self.headers.get("Accept", ""))
            except Exception:
                log.exception("no answer for a request")
                answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"a defect; the log has it\n", TEXT)
            self._send(answer)

        do_HEAD = do_GET  # noqa: N815  # the name that the base class looks for

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """What the base class refuses, and methods that it does not find, in one line that repeats nothing."""
            if code == HTTPStatus.NOT_IMPLEMENTED:
                code = HTTPStatus.METHOD_NOT_ALLOWED
            status = HTTPStatus(code)
            self._send(Answer(status, f"{status.phrase}\n".encode(), TEXT))

        def log_message(self, format: str, *args: Any) -> None:
            """Scrapes are not worth a line."""

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
                self.send_header("Allow", "GET, HEAD")
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

    return Handler


def _said(well: bool, content: dict[str, Any]) -> Answer:
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(status, json.dumps(content).encode() + b"\n")
