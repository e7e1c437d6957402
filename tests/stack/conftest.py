"""A home of its own for each test, with the jars shared, and nothing left running."""

import subprocess
import traceback

import pytest

from avrogate.cli import console, main
from avrogate.errors import AvrogateError
from avrogate.local.stack import Stack
from avrogate.settings import load_settings
from conftest import environment, free_port


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    """The environment of one user: a fresh home and ports, downloads shared. A dict for subprocesses."""
    downloads = load_settings().downloads_home
    given = {
        "AVROGATE_HOME": str(tmp_path / "home"),
        "AVROGATE_DOWNLOADS": str(downloads),
        "AVROGATE_STACK_KAFKA_PORT": str(free_port()),
        "AVROGATE_STACK_REGISTRY_PORT": str(free_port()),
    }
    for name in ("AVROGATE_BOOTSTRAP_SERVERS", "AVROGATE_REGISTRY_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    yield given
    Stack(load_settings()).down()


@pytest.fixture
def local_stack(own_home):
    """The local stack of this home, not started."""
    return Stack(load_settings())


@pytest.fixture
def called(monkeypatch, capsys):
    """As the fixture `avrogate`, in this process, which takes a tenth of the time: `called(settings, "audit")`."""

    def call(settings, *arguments):
        with monkeypatch.context() as patch:
            for name, value in environment(settings).items():
                patch.setenv(name, value)
            patch.setattr(console.out, "width", 200)
            capsys.readouterr()
            code, trace = 0, ""
            try:
                main(arguments)
            except SystemExit as end:
                code = end.code
            except AvrogateError:  # with --debug: what Python prints then
                code, trace = 1, traceback.format_exc()
        captured = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, captured.out, captured.err + trace)

    return call
