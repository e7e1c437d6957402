"""The wheel, installed elsewhere: everything it needs is in it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from avrogate.settings import load_settings
from conftest import environment, free_port

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and with this one's libraries in place of a second download of Spark."""
    folder = tmp_path_factory.mktemp("elsewhere")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel], check=True)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    # a plain path: the editable install of this repository is not followed from it
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"])
    return folder


def test_no_tests_in_it(installed: Path) -> None:
    where = subprocess.run(
        [installed / "venv/bin/python", "-c", "import schemas, avrogate; print(schemas.__file__, avrogate.__file__)"],
        cwd=installed,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert where.count(str(installed / "venv")) == 2
    tops = {path.name for path in next((installed / "venv").glob("lib/python*/site-packages")).iterdir()}
    assert {"avrogate", "schemas", "producers", "processors", "analytics"} <= tops
    assert not tops & {"tests", "contracts_tests", "benchmarks", "conftest.py"}


def test_it_checks_its_schemas_and_starts_the_stack(installed: Path) -> None:
    settings = load_settings().model_copy(
        update={"home": installed / "home", "stack_kafka_port": free_port(), "stack_registry_port": free_port()}
    )
    variables = environment(settings) | {
        "AVROGATE_HOME": str(installed / "home"),
        "AVROGATE_DOWNLOADS": str(load_settings().downloads_home),
    }

    def run(*arguments: str) -> str:
        command = [installed / "venv/bin/avrogate", *arguments]
        done = subprocess.run(command, cwd=installed, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "no findings" in run("schemas", "check")
    try:
        assert run("stack", "up").count("running") == 2
        assert "15 new" in run("schemas", "register")
        assert run("topics", "create").count(" new ") == 7
    finally:
        run("stack", "down")
