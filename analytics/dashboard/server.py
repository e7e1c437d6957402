"""The dashboard over HTTP: its page, the stream of views, and whether it is well.

/               the page
/views          a stream of views (server-sent events), a new one when a number changes; `minutes` says how many
/view           one of them
/healthz        as every service of Avrogate answers it, and /readyz, /livez
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import uvicorn
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from analytics.dashboard.board import Board
from analytics.dashboard.view import View
from avrogate.endpoints import Endpoints
from avrogate.errors import ConfigError
from avrogate.settings import Settings

PAGE = Path(__file__).with_name("page")
SPANS, USUAL = (30, 60, 180, 360), 60
# seconds between two looks whether there is something new, and after which a browser hears that there is not
LOOK, SILENCE = 0.5, 3.0
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
# a browser runs and loads what this server gives and nothing else, whatever a text from an event holds
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True)
class Place:
    """Where a dashboard is served. `names` are the host names it answers to; none for what suits the address."""

    host: str
    port: int
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Place:
        """As the settings say."""
        return cls(settings.dashboard_host, settings.dashboard_port, settings.dashboard_host_names)


def application(board: Board, names: Sequence[str], stop: Event) -> Starlette:
    """The application. It answers by `names` only, so that no page of another site can read it through a name of
    its own.
    """

    async def page(request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers=HEADERS)

    async def one(request: Request) -> Response:
        view = await run_in_threadpool(board.view, _minutes(request))
        return Response(_text(view), media_type="application/json", headers=HEADERS)

    async def views(request: Request) -> Response:
        return StreamingResponse(
            _stream(board, _minutes(request), stop), media_type="text/event-stream", headers=HEADERS
        )

    async def health(request: Request) -> Response:
        answer = Endpoints(board.health(), CollectorRegistry()).answer(request.url.path, "")
        return Response(answer.body, answer.status, media_type=answer.kind, headers=HEADERS)

    routes = [
        Route("/", page),
        Route("/view", one),
        Route("/views", views),
        *(Route(path, health) for path in ("/healthz", "/readyz", "/livez")),
        Mount("/page", _Files(directory=PAGE)),
    ]
    own_names = Middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)
    return Starlette(routes=routes, middleware=[own_names])


def suited(address: str) -> Sequence[str]:
    """The names to answer to on an address: loopback names and itself on a loopback address, any elsewhere."""
    if not ipaddress.ip_address(address).is_loopback:
        return ("*",)
    return (*LOOPBACK_NAMES, f"[{address}]" if ":" in address else address)


@contextmanager
def served(board: Board, place: Place, stop: Event) -> Iterator[str]:
    """Serve a board from a thread of its own while the block runs; gives the address. `stop` ends open streams.

    Raises ConfigError if the port cannot be had.
    """
    listening = _bound(place.host, place.port)
    address, number = listening.getsockname()[:2]
    answering = application(board, place.names or suited(address), stop)
    config = uvicorn.Config(answering, log_config=None, access_log=False, timeout_graceful_shutdown=2, lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listening],), name="dashboard", daemon=True)
    thread.start()
    try:
        yield f"http://[{address}]:{number}" if ":" in address else f"http://{address}:{number}"
    finally:
        stop.set()
        server.should_exit = True
        thread.join()
        listening.close()


class _Files(StaticFiles):
    def file_response(self, *given: object, **named: object) -> Response:
        response = super().file_response(*given, **named)  # type: ignore[arg-type]
        response.headers.update(HEADERS)
        return response


async def _stream(board: Board, minutes: int, stop: Event) -> AsyncIterator[str]:
    """Views as they change; in between, that nothing has: a browser that hears nothing knows that it is cut off."""
    sent, silent = View(), 0.0
    yield "retry: 1000\n\n"
    while not stop.is_set():
        view = await run_in_threadpool(board.view, minutes)
        if view is not sent:
            sent, silent = view, 0.0
            yield f"{_clock()}event: view\ndata: {_text(view)}\n\n"
        elif silent >= SILENCE:
            silent = 0.0
            yield _clock()
        await asyncio.sleep(LOOK)
        silent += LOOK


def _clock() -> str:
    """The time here: a view that is sent may have been made long ago, and a browser's clock may be wrong."""
    return f"event: clock\ndata: {time.time()}\n\n"


def _text(view: View) -> str:
    return json.dumps(view, ensure_ascii=False, separators=(",", ":"))


def _minutes(request: Request) -> int:
    asked = request.query_params.get("minutes", "")
    return int(asked) if asked.isdecimal() and int(asked) in SPANS else USUAL


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        raise _cannot(error, host, port) from error
    return listening


def _cannot(error: OSError, host: str, port: int) -> ConfigError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigError(f"{host} is no address of this machine", hint="--host 127.0.0.1 or 0.0.0.0, say")
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"port {port} of {host} is in use",
            hint="stop what listens there, or take another: --port, AVROGATE_DASHBOARD_PORT",
        )
    why = "it is for privileged users" if isinstance(error, PermissionError) else str(error.strerror)
    return ConfigError(f"port {port} of {host} cannot be had: {why}", hint="--port takes another")
