"""What the registry's answers over HTTP become, with a server that answers what it is told.

How a registry behaves is in `tests/behaviour/test_registry.py`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from avrogate.errors import ConfigError, IncompatibleSchema, RegistryUnavailable, SchemaNotRegistered
from avrogate.settings import Settings
from schemas.registry import Registry


@contextmanager
def answering(status: int, body: object, wait: Event | None = None) -> Iterator[tuple[str, list]]:
    """A server that gives every request one answer; its address and the requests it got."""
    asked: list = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append((self.command, self.path, headers))
            if wait:
                wait.wait(5)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may be gone
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        if wait:
            wait.set()
        server.shutdown()
        thread.join()
        server.server_close()


def registry(url, **options):
    return Registry(Settings(registry_url=url, **options))


def trouble(status, message="no reason"):
    return {"error_code": status, "message": message}


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_a_wrong_setting(status):
    with answering(status, trouble(status)) as (url, _), pytest.raises(ConfigError) as caught:
        registry(url).subjects()
    assert caught.value.message == f"registry at {url} refuses the credentials (HTTP {status})"
    assert "AVROGATE_REGISTRY_USER" in caught.value.hint


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_registry_in_trouble_is_an_outage(status, catalog):
    with answering(status, trouble(status, "leader is lost")) as (url, _):
        for ask in (lambda it: it.text(1), lambda it: it.lookup(catalog.versions[0]), lambda it: it.subjects()):
            with pytest.raises(RegistryUnavailable, match=rf"{url} is in trouble \(HTTP {status}.*leader is lost"):
                ask(registry(url))


def test_no_answer_in_time_is_an_outage():
    with answering(200, [], wait=Event()) as (url, _), pytest.raises(RegistryUnavailable, match=url):
        registry(url, request_timeout=0.1).subjects()


@pytest.mark.parametrize("body", [b"", b"<html>Please log in</html>", b"\xff\xfe"])
def test_an_answer_that_is_no_json_is_not_a_registrys(body):
    with answering(200, body) as (url, _), pytest.raises(RegistryUnavailable, match=f"{url} is no registry now"):
        registry(url).subjects()


def test_the_credentials_are_sent():
    with answering(200, []) as (url, asked):
        registry(url, registry_user="ann", registry_password="s3cret:x").subjects()
    assert asked[0][2]["authorization"] == "Basic " + base64.b64encode(b"ann:s3cret:x").decode()


def test_without_credentials_none_are_sent():
    with answering(200, []) as (url, asked):
        assert registry(f"{url}/").subjects() == []
    assert "authorization" not in asked[0][2]
    assert asked[0][1].startswith("/subjects")


@pytest.mark.parametrize(
    ("status", "says"), [(409, "incompatible, says the registry"), (422, "refused (HTTP 422), says the registry")]
)
def test_a_refused_schema_carries_the_registrys_reason(catalog, status, says):
    version = catalog.versions[0]
    answer = trouble(status, "field device has no default")
    with answering(status, answer) as (url, _), pytest.raises(IncompatibleSchema) as caught:
        registry(url).register(version)
    assert says in caught.value.message
    assert caught.value.message.endswith(f"for subject {version.subject}: field device has no default")


def test_nothing_there(catalog):
    with answering(404, trouble(40401, "not found")) as (url, _):
        asked = registry(url)
        assert asked.lookup(catalog.versions[0]) is None
        assert asked.text(7) is None
        assert asked.versions("s") == []
        assert asked.compatibility("s") is None
        assert asked.accepts(catalog.versions[0])


def test_a_schema_that_is_not_registered_is_told_from_a_wrong_address(catalog):
    """Only a registry lists subjects; whoever answers 404 to that too is none."""
    version = catalog.versions[0]
    with answering(404, trouble(404)) as (url, _), pytest.raises(ConfigError, match="no registry"):
        registry(url).id_of(version)

    class WithSubjects(Registry):
        def subjects(self):
            return []

    with (
        answering(404, trouble(40401)) as (url, _),
        pytest.raises(SchemaNotRegistered, match=f"{version} is not reg"),
    ):
        WithSubjects(Settings(registry_url=url)).id_of(version)


def test_only_ids_are_remembered():
    with answering(200, {"schema": '"string"', "subject": "s", "version": 1, "id": 7}) as (url, asked):
        one = registry(url)
        for _ in range(3):
            assert one.text(7).text == '"string"'
        assert len(asked) == 1
        one.text_now(7)
        assert len(asked) == 2
