"""An answer that never comes: the question is put once more, and no oftener."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from avrogate.errors import RegistryUnavailable
from avrogate.settings import Settings
from schemas.registry import Registry


@contextmanager
def mute_for(questions: int) -> Iterator[tuple[Settings, list[str]]]:
    """A registry that gives no answer to its first questions; its settings, and what it was asked."""
    asked: list[str] = []
    over = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if len(asked) <= questions:
                over.wait(20)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'["b", "a"]')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield Settings(bootstrap_servers="127.0.0.1:1", registry_url=url, request_timeout=0.3), asked
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_lost_answer_is_asked_for_once_more() -> None:
    with mute_for(1) as (settings, asked):
        assert Registry(settings).subjects() == ["a", "b"]
        assert len(asked) == 2


def test_a_registry_that_stays_mute_is_an_outage() -> None:
    with mute_for(9) as (settings, asked):
        with pytest.raises(RegistryUnavailable, match="unreachable"):
            Registry(settings).subjects()
        assert len(asked) == 2
