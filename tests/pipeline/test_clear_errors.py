"""What someone meets in the first hour: one clear line on standard error, and an exit code that is not 0."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from avrogate.settings import Settings
from conftest import free_port
from schemas.catalog import SCHEMAS

pytestmark = pytest.mark.stack

Run = Callable[..., subprocess.CompletedProcess[str]]


def elsewhere(settings: Settings) -> Settings:
    """The same home, with nothing behind the addresses."""
    return settings.model_copy(update={"stack_kafka_port": free_port(), "stack_registry_port": free_port()})


def one_line(done: subprocess.CompletedProcess[str], what: str, hint: str, code: int = 1) -> None:
    lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("{")]  # those are its log
    assert done.returncode == code, done.stdout + done.stderr
    assert lines[0].startswith("avrogate: "), done.stderr
    assert what in lines[0]
    assert len(lines) == (2 if hint else 1), done.stderr
    assert not hint or hint in lines[1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["schemas", "register"],
        ["schemas", "list"],
        ["produce", "--events", "10"],
        ["process", "--until-idle", "1"],
        ["analytics", "daily-users"],
        ["analytics", "range-users", "--source", "kafka"],
        ["analytics", "lake"],
        ["analytics", "minute-kpis", "--once"],
    ],
    ids=" ".join,
)
def test_registry_or_broker_down(stack: Settings, avrogate: Run, command: list[str]) -> None:
    done = avrogate(elsewhere(stack), *command)
    one_line(done, "unreachable at ", "start the local one with `avrogate stack up`, or set AVROGATE_")


@pytest.mark.parametrize("command", [["topics", "create"], ["audit"], ["dead-letters", "list"]], ids=" ".join)
def test_broker_down(stack: Settings, avrogate: Run, command: list[str]) -> None:
    without_broker = stack.model_copy(update={"stack_kafka_port": free_port()})
    done = avrogate(without_broker, *command)
    if command == ["dead-letters", "list"]:
        assert done.returncode == 1
        return
    one_line(done, f"broker unreachable at 127.0.0.1:{without_broker.stack_kafka_port}", "AVROGATE_BOOTSTRAP_SERVERS")


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["produce", "--evnts", "5"], "--evnts"),
        (["no-such-command"], "no-such-command"),
        (["process", "--until-idle", "soon"], "--until-idle"),
        (["schemas", "show"], "subject"),
        (["analytics", "daily-users", "--format", "parquet"], "--output"),
        (["analytics", "range-users", "--output", "users.csv"], "--format"),
        (["analytics", "lake", "--compact", "--until-idle", "1"], "--until-idle"),
        (["analytics", "minute-kpis", "--from", "2026-01-01"], "--recompute"),
    ],
)
def test_a_wrong_call(stack: Settings, avrogate: Run, command: list[str], what: str) -> None:
    one_line(avrogate(stack, *command), what, "--help` shows what there is", code=2)


@pytest.mark.parametrize(
    "command",
    [
        ["stack", "up"],
        ["process", "--until-idle", "1"],
        ["analytics", "minute-kpis", "--until-idle", "0"],
        ["analytics", "minute-kpis", "--once"],
        ["analytics", "lake"],
        ["analytics", "daily-users"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("home", ["file", "/proc/avrogate"])
def test_a_home_that_cannot_be_used(
    stack: Settings, avrogate: Run, tmp_path: Path, home: str, command: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    done = avrogate(stack.model_copy(update={"home": tmp_path / home}), *command)
    one_line(done, str(tmp_path / home), " ")
    assert "AVROGATE_HOME" in done.stderr
    assert "defect" not in done.stderr


def test_a_file_that_is_not_there(stack: Settings, avrogate: Run, tmp_path: Path) -> None:
    for command in (["produce", "--from"], ["run-pipeline", "--input"]):
        done = avrogate(stack, *command, str(tmp_path / "nothing.jsonl"))
        assert done.returncode == 1
        assert "nothing.jsonl" in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 2


def test_a_schema_that_is_not_registered(empty_stack: Settings, avrogate: Run) -> None:
    assert avrogate(empty_stack, "topics", "create").returncode == 0
    done = avrogate(empty_stack, "produce", "--events", "10")
    one_line(done, "is not registered", "run `avrogate schemas register`")


def test_a_missing_topic(platformless: Settings, avrogate: Run) -> None:
    assert avrogate(platformless, "schemas", "register").returncode == 0
    one_line(avrogate(platformless, "process"), "topic events-raw is not on", "run `avrogate topics create`")


@pytest.fixture
def platformless(stack: Settings, tmp_path: Path) -> Settings:
    """The shared stack, whose catalog topics nobody creates under their own names."""
    return stack.model_copy(update={"home": stack.home})


def test_an_incompatible_schema(stack: Settings, avrogate: Run, tmp_path: Path) -> None:
    assert avrogate(stack, "schemas", "register").returncode == 0
    assert "agree" in avrogate(stack, "schemas", "diff").stdout
    folder = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for stage in ("raw", "enriched"):
        first = folder / "json" / stage / "init" / "v1.json"
        schema = json.loads(first.read_text(encoding="utf-8"))
        schema["properties"]["app-version"] = {"type": "string", "required": True}
        first.with_name("v2.json").write_text(json.dumps(schema), encoding="utf-8")
    assert avrogate(stack, "schemas", "derive", "--folder", str(folder)).returncode == 0
    refused = avrogate(stack, "schemas", "register", "--folder", str(folder))
    one_line(refused, "avrogate: 2 findings in 17 schemas and ", "")
    assert "; nothing was registered" in refused.stderr
    assert refused.stdout.count("field-without-default") == 2
    assert "app_version" in refused.stdout
    drifted = avrogate(stack, "schemas", "diff", "--folder", str(folder))
    one_line(drifted, "2 differences", "`avrogate schemas register` adds what is missing")
    assert drifted.stdout.count("missing") == 2
    # whatever the registry is, or is none: the check comes first
    dry = avrogate(elsewhere(stack), "schemas", "register", "--dry-run", "--folder", str(folder))
    one_line(dry, "nothing was registered", "")


def test_a_wrong_setting(stack: Settings, avrogate: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVROGATE_REQUEST_TIMEOUT", "soon")
    one_line(avrogate(stack, "topics", "create"), "AVROGATE_REQUEST_TIMEOUT", "")
