"""Apicurio Registry as cp-schema-registry: SCHEMA_REGISTRY_* in, Confluent's API at the root of port 8081.

The port opens when the registry answers behind it. If the registry ends, so does this, with its exit code.
"""

# ruff: noqa: D102, D103, N815, T201

from __future__ import annotations

import base64
import http.client
import os
import re
import shlex
import signal
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

INNER = 8080
PREFIX = "/apis/ccompat/v7"
START_LIMIT = 120
# seconds of each try, less than a client's ten in all; a question that writes may take longer at first
READING, WRITING, PAUSE = (1.5, 4.0, 4.0), (3.0, 3.0, 3.5), 0.2
NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "authorization", "date"}


def variable(name: str, default: str = "") -> str:
    return os.environ.get(f"SCHEMA_REGISTRY_{name}", default)


def java_command() -> list[str]:
    """The registry on the loopback interface, with its journal in the Kafka that the variables name."""
    options = {
        "quarkus.http.host": "127.0.0.1",
        "quarkus.http.port": str(INNER),
        "quarkus.management.host": "127.0.0.1",
        "quarkus.management.port": "0",
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": variable("KAFKASTORE_BOOTSTRAP_SERVERS"),
        "apicurio.kafkasql.topic": variable("KAFKASTORE_TOPIC", "_schemas"),
        "apicurio.kafkasql.snapshots.topic": variable("KAFKASTORE_TOPIC", "_schemas") + "-snapshots",
        "apicurio.kafkasql.consumer.poll.timeout": "100",
    }
    # as in the public image, these are the Kafka client's own options
    for name, value in os.environ.items():
        found = re.fullmatch(r"SCHEMA_REGISTRY_KAFKASTORE_((?:SECURITY|SASL|SSL)_\w+)", name)
        if found:
            options["apicurio.kafka.common." + found[1].lower().replace("_", ".")] = value
    heap = shlex.split(variable("HEAP_OPTS", "-Xmx384m"))
    extra = shlex.split(variable("OPTS"))
    defines = [f"-D{name}={value}" for name, value in options.items() if value]
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    jar = "/usr/share/java/schema-registry/quarkus-run.jar"
    return ["/opt/java/bin/java", *quick, *heap, *extra, *defines, "-jar", jar]


def users() -> dict[str, str] | None:
    """Who may ask, from the password file that the JAAS configuration names; None: everybody."""
    if variable("AUTHENTICATION_METHOD", "NONE").upper() != "BASIC":
        return None
    jaas = re.search(r"-Djava\.security\.auth\.login\.config=(\S+)", variable("OPTS"))
    section = re.escape(variable("AUTHENTICATION_REALM")) + r'\s*\{[^}]*?file="([^"]+)"'
    found = jaas and re.search(section, Path(jaas[1]).read_text())
    if not found:
        sys.exit("SCHEMA_REGISTRY_AUTHENTICATION_METHOD=BASIC needs a realm in the JAAS file of SCHEMA_REGISTRY_OPTS")
    lines = (line.split(":", 1) for line in Path(found[1]).read_text().splitlines() if ":" in line)
    return {user.strip(): rest.split(",")[0].strip() for user, rest in lines}


def ask(
    method: str, path: str, body: bytes, headers: dict[str, str], timeout: float
) -> tuple[int, list[tuple[str, str]], bytes]:
    inner = http.client.HTTPConnection("127.0.0.1", INNER, timeout=timeout)
    try:
        inner.request(method, PREFIX + path, body or None, headers)
        response = inner.getresponse()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in NOT_PASSED_ON]
        return response.status, kept, response.read()
    finally:
        inner.close()


class Forwarder(BaseHTTPRequestHandler):
    """One request in, the same one with Apicurio's prefix out."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    users: dict[str, str] | None = None

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.allowed():
            self.answer(
                401,
                [("WWW-Authenticate", 'Basic realm="schema registry"')],
                b'{"error_code":401,"message":"Unauthorized"}',
            )
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        for timeout in READING if self.command == "GET" else WRITING:
            try:
                status, kept, content = ask(self.command, self.path, body, headers, timeout)
            except TimeoutError:  # Apicurio loses an answer now and then; every question of this API can be repeated
                continue
            except (OSError, http.client.HTTPException):
                time.sleep(PAUSE)
                continue
            self.answer(status, kept, content)
            return
        self.answer(503, [], b'{"error_code":50302,"message":"the registry behind the forwarder does not answer"}')

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = forward

    def allowed(self) -> bool:
        if self.users is None:
            return True
        kind, _, coded = self.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(coded).decode().partition(":")
        except ValueError:
            return False
        return kind.lower() == "basic" and user in self.users and self.users[user] == password

    def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: requests can carry secrets."""


class Server(ThreadingHTTPServer):
    """Threads, each with its own TLS handshake: a client that sends none holds up nobody else."""

    daemon_threads = True
    request_queue_size = 128
    context: ssl.SSLContext | None = None

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        if self.context is not None:
            request.settimeout(60)
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        print(f"refused: {sys.exc_info()[1]}", file=sys.stderr, flush=True)


def tls() -> ssl.SSLContext:
    """From the PKCS12 key store that the public image takes as well."""
    pem = Path("/tmp/listener.pem")
    command = ["openssl", "pkcs12", "-nodes", "-passin", "env:SCHEMA_REGISTRY_SSL_KEYSTORE_PASSWORD"]
    command += ["-in", variable("SSL_KEYSTORE_LOCATION")]
    pem.touch(mode=0o600)
    pem.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    pem.unlink()
    return context


def wait_until_it_answers(java: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT
    while java.poll() is None and time.monotonic() < deadline:
        try:
            inner = http.client.HTTPConnection("127.0.0.1", INNER, timeout=5)
            inner.request("GET", f"{PREFIX}/subjects")
            if inner.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    java.kill()
    sys.exit("the registry did not start")


def main() -> int:
    for name in ("HOST_NAME", "KAFKASTORE_BOOTSTRAP_SERVERS"):
        if not variable(name):
            sys.exit(f"SCHEMA_REGISTRY_{name} must be set")
    listener = urlsplit(variable("LISTENERS", "http://0.0.0.0:8081").split(",")[0])
    Forwarder.users = users()
    Server.context = tls() if listener.scheme == "https" else None
    java = subprocess.Popen(java_command())
    signal.signal(signal.SIGTERM, lambda *_: java.terminate())
    wait_until_it_answers(java)
    server = Server((listener.hostname or "0.0.0.0", listener.port or 8081), Forwarder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"Server started, listening for requests at {listener.geturl()}", flush=True)
    return java.wait()


sys.exit(main())
