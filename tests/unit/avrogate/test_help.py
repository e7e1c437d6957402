"""`--help` is quick: what a command needs is imported when it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATER = {
    "pyspark",
    "py4j",
    "confluent_kafka",
    "fastavro",
    "jsonschema",
    "pydantic_settings",
    "babel",
    "pycountry",
    "prometheus_client",
    "starlette",
    "uvicorn",
    "yaml",
    "avrogate.settings",
    "schemas",
    "producers",
    "processors",
    "analytics",
}
CODE = """
import atexit, sys
from avrogate.cli import main
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
main(sys.argv[1:])
"""


@pytest.mark.parametrize("group", [[], ["analytics"], ["schemas"], ["produce"]], ids=lambda group: " ".join(group))
def test_help_imports_nothing_that_only_a_run_needs(group):
    done = subprocess.run(
        [sys.executable, "-c", CODE, *group, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Usage: avrogate" in done.stdout
    assert LATER & set(done.stderr.split()) == set()
