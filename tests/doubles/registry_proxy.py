"""A reverse proxy before a real registry: with TLS, with basic authentication, with answers in another's form.

Its own address is the one before /subjects, as Confluent's is.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

# what is asked, and the real answer to it; gives the status and the answer to send instead
Shape = Callable[["Question", int, Any], tuple[int, Any]]

PAGE = b"<html>\n<head><title>502 Bad Gateway</title></head>\n<body>nginx</body>\n</html>\n"


@dataclass(frozen=True)
class Question:
    """A request: its method, its path, and the subject that it is about."""

    method: str
    path: str

    @property
    def subject(self) -> str:
        """The subject in the path, or an empty text."""
        found = re.match(r"(?:/compatibility)?/(?:subjects|config)/([^/?]+)", self.path)
        return unquote(found[1]) if found else ""


@dataclass
class Proxy:
    """A running proxy. While `page` is set, that is its answer to everything: a status and a page of HTML."""

    url: str
    asked: list[Question] = field(default_factory=list)
    page: tuple[int, bytes] | None = None


@contextmanager
def proxy(
    target: str,
    *,
    tls: ssl.SSLContext | None = None,
    credentials: tuple[str, str] | None = None,
    shape: Shape | None = None,
) -> Iterator[Proxy]:
    """A proxy for the registry at `target`, on a free port of 127.0.0.1."""
    upstream, wanted = urlsplit(target), _basic(credentials)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes: the second would wait for 40 ms

        def setup(self) -> None:
            if tls:
                self.request = tls.wrap_socket(self.request, server_side=True)  # in this connection's own thread
            super().setup()
            self.upstream = HTTPConnection(upstream.hostname or "", upstream.port, timeout=20)

        def finish(self) -> None:
            self.upstream.close()
            super().finish()

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            question = Question(self.command, self.path)
            running.asked.append(question)
            if running.page:
                self.reply(running.page[0], running.page[1], "text/html")
            elif wanted and self.headers.get("Authorization") != wanted:
                self.reply(401, b'{"error_code":401,"message":"Unauthorized"}')
            else:
                self.reply(*self.ask(question, body))

        def ask(self, question: Question, body: bytes) -> tuple[int, bytes]:
            kept = {"Content-Type": self.headers["Content-Type"]} if body else {}
            self.upstream.request(question.method, upstream.path + question.path, body or None, kept)
            answer = self.upstream.getresponse()
            content = answer.read()
            if not shape or not content:
                return answer.status, content
            status, shaped = shape(question, answer.status, json.loads(content))
            return status, json.dumps(shaped).encode()

        def reply(self, status: int, content: bytes, kind: str = "application/vnd.schemaregistry.v1+json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client without TLS, or without trust: it is told by the closed connection."""

    server = Server(("127.0.0.1", 0), Handler)
    running = Proxy(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        with suppress(OSError):
            server.server_close()


def confluent() -> Shape:
    """Answers as Confluent Schema Registry 8 words them, where it differs from Apicurio's; with all it may add.

    It knows of a level only what is set through the proxy.
    """
    levels: set[str] = set()

    def shape(question: Question, status: int, answer: Any) -> tuple[int, Any]:
        about = f'subject "{question.subject}"'
        if question.path.startswith("/config/"):
            if question.method == "PUT":
                levels.add(question.subject)
            elif question.subject not in levels:
                message = f"Subject '{question.subject}' does not have subject-level compatibility configured"
                return 404, {"error_code": 40408, "message": message}
            return status, {**answer, "alias": None, "compatibilityGroup": None}
        if question.path.startswith("/compatibility/"):
            if status == 404:
                return 200, {"is_compatible": True, "messages": []}
            if answer.get("is_compatible") is False and "verbose=true" in question.path:
                return 200, {
                    "is_compatible": False,
                    "messages": ["{errorType:'TYPE_MISMATCH',\n", "{oldSchema: '{}'}"],
                }
        if status == 409:
            said = f"Schema being registered is incompatible with an earlier schema for {about}, details: "
            return 409, {"error_code": 40901, "message": f"{said}[{answer['message']}]"}
        if isinstance(answer, dict) and "schema" in answer:
            added = {"guid": "f" * 32, "ts": 1_700_000_000_000, "deleted": False, "schemaTags": [], "metadata": None}
            return status, {"references": [], "schemaType": "AVRO", "ruleSet": None, **answer, **added}
        return status, answer

    return shape


def confluent_5() -> Shape:
    """Answers as an old registry words them: the fields that must be there, and one error code for all."""

    def shape(question: Question, status: int, answer: Any) -> tuple[int, Any]:
        if status >= 400:
            return status, {"error_code": status, "message": "Schema being registered is incompatible\nwith another"}
        if isinstance(answer, dict) and "schema" in answer and question.path.startswith("/schemas/"):
            return status, {name: answer[name] for name in ("schema", "references") if answer.get(name)}
        return status, answer

    return shape


def _basic(credentials: tuple[str, str] | None) -> str | None:
    return credentials and "Basic " + base64.b64encode(":".join(credentials).encode()).decode()
