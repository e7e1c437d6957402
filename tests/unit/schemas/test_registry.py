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

from avrogate.errors import AvrogateError, ConfigError, IncompatibleSchema, RegistryUnavailable, SchemaNotRegistered
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


@pytest.mark.parametrize("page", [b"<html>\n<h1>502 Bad Gateway</h1>\n</html>", b"", b'["a"]', b'{"error": "up"}'])
def test_the_page_of_a_load_balancer_is_an_outage_in_one_line(page):
    with answering(502, page) as (url, _), pytest.raises(RegistryUnavailable) as caught:
        registry(url).subjects()
    assert caught.value.message == f"registry at {url} is in trouble (HTTP 502)"


@pytest.mark.parametrize("answer", [{"status": "UP"}, "welcome"])
def test_json_of_something_else_is_not_a_registrys(answer, catalog):
    with answering(200, answer) as (url, _):
        for ask in (
            lambda it: it.subjects(),
            lambda it: it.compatibility("s"),
            lambda it: it.lookup(catalog.versions[0]),
            lambda it: it.objection(catalog.versions[0]),
        ):
            with pytest.raises(RegistryUnavailable):
                ask(registry(url))


def test_a_redirection_is_a_wrong_setting():
    with answering(301, b"") as (url, _), pytest.raises(ConfigError, match=rf"{url} \(HTTP 301\)"):
        registry(url).subjects()


@pytest.mark.parametrize(
    "body", [b"<html>400 The plain HTTP request was sent to HTTPS port</html>", {"message": "no\nway"}]
)
def test_what_is_refused_without_a_schema_is_one_line(body):
    with answering(400, body) as (url, _), pytest.raises(AvrogateError) as caught:
        registry(url).set_compatibility("s", "FULL")
    message, hint = caught.value.message, caught.value.hint
    assert message == f"registry at {url} refuses (HTTP 400{': no way' if isinstance(body, dict) else ''})"
    assert isinstance(body, dict) or "https://" in hint


@pytest.mark.parametrize(
    ("user", "password", "hint"),
    [
        (None, None, "set AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD"),
        (None, "s3cret", "set AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD"),
        ("ann", None, "AVROGATE_REGISTRY_USER is ann, AVROGATE_REGISTRY_PASSWORD is not set"),
        ("ann", "s3cret", "look at AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD"),
    ],
)
def test_refused_credentials_say_what_was_sent(user, password, hint):
    with answering(401, b"") as (url, _), pytest.raises(ConfigError) as caught:
        registry(url, registry_user=user, registry_password=password).subjects()
    assert caught.value.hint == hint


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN nonsense"])
def test_a_file_without_certificates_is_a_wrong_setting(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=f"AVROGATE_REGISTRY_CA: {file}: no certificates can be read from it"):
        registry("https://127.0.0.1:1", registry_ca=file)


@pytest.mark.parametrize("url", ["127.0.0.1:8081", "http://[::1", "http://registry:port"])
def test_an_address_that_is_none_is_a_wrong_setting(url):
    with pytest.raises(ConfigError, match="AVROGATE_REGISTRY_URL: "):
        registry(url).subjects()


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match="AVROGATE_REGISTRY_URL has credentials in it") as caught:
        registry("https://ann:s3cret@registry.example:8081")
    assert "s3cret" not in str(caught.value) + str(caught.value.hint)


@pytest.mark.parametrize(
    ("answer", "objection"),
    [
        ({"is_compatible": True}, None),
        ({"is_compatible": False}, ""),
        ({"is_compatible": False, "messages": None}, ""),
        ({"is_compatible": False, "messages": ["a\nb", "c"]}, "a b; c"),
    ],
)
def test_an_objection_is_the_registrys_own_as_far_as_it_gives_one(catalog, answer, objection):
    with answering(200, answer) as (url, asked):
        assert registry(url).objection(catalog.versions[0]) == objection
    assert asked[0][1].endswith("/versions?verbose=true")


def test_a_schema_that_is_none_to_the_registry(catalog):
    with answering(422, {"error_code": 42201, "message": "invalid"}) as (url, _):
        assert registry(url).objection(catalog.versions[0]) == "invalid"


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
        assert asked.objection(catalog.versions[0]) is None


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
