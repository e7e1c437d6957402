"""Start services side by side: all of them answer in the end, or none is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from avrogate.errors import StackError
from avrogate.local.download import Downloads, Report
from avrogate.local.process import Launched, find, launch, stop, uninterrupted
from avrogate.local.service import Service

START_LIMIT = 90.0  # seconds; ten times what a slow machine needs
POLL = 0.1


def runs_already(service: Service, report: Report) -> bool:
    """Whether this home's own one runs. If it was started a moment ago, wait until it answers.

    Raises StackError if it runs at another port than the settings say, or never answers.
    """
    found = find(service.pid_file)
    if found is None:
        return False
    if found.port != service.port:
        raise StackError(
            f"{service.title} runs at port {found.port}, but {service.port_setting} is {service.port}",
            hint="run `avrogate stack down` first, or set the variable back",
        )

    def check() -> None:
        if find(service.pid_file) is None:
            raise StackError(f"{service.title} ended while it was waited for", hint=f"log: {service.log}")

    _wait({service: check}, lambda one, seconds: report(f"{one.title} is running at {one.address(one.port)}"))
    return True


def start(services: Sequence[Service], downloads: Downloads, report: Report) -> None:
    """Start all and return when all of them answer; stop all of them if one does not, or at Ctrl-C."""
    launched: dict[Service, Launched] = {}
    try:
        for one in services:
            _launch(one, one.command(downloads), launched)
        _wait(
            {one: _death_check(one, handle) for one, handle in launched.items()},
            lambda one, seconds: report(f"{one.title} started at {one.address(one.port)} ({seconds:.1f} s)"),
        )
    except BaseException:
        with uninterrupted():
            stop([process for handle in launched.values() for process in handle.alive()], grace=3)
            for one in launched:
                one.pid_file.unlink(missing_ok=True)
        raise


def _launch(service: Service, command: list[str], launched: dict[Service, Launched]) -> None:
    with uninterrupted():
        launched[service] = launch(
            command, folder=service.data, log=service.log, pid_file=service.pid_file, port=service.port
        )


def _death_check(service: Service, handle: Launched) -> Callable[[], None]:
    def check() -> None:
        exit_code = handle.process.poll()
        if exit_code is not None:
            raise service.died(exit_code, handle.log_start)

    return check


def _wait(checks: Mapping[Service, Callable[[], None]], on_answer: Callable[[Service, float], None]) -> None:
    """Until every service answers; each one's check raises if that can no longer happen."""
    begun = time.monotonic()
    waiting = dict(checks)
    while True:
        for one, check in list(waiting.items()):
            check()
            seconds = time.monotonic() - begun
            if one.answers():
                on_answer(one, seconds)
                del waiting[one]
            elif seconds > START_LIMIT:
                raise StackError(f"{one.title} did not answer within {START_LIMIT:.0f} s", hint=f"log: {one.log}")
        if not waiting:
            return
        time.sleep(POLL)
