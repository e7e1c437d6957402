"""docker-compose.yml from `up` to `down`: events through a Spark cluster, processors killed under load, an audit."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from avrogate.kafka_reading import read_to_end
from avrogate.settings import LOOPBACK, Settings
from conftest import by_path, docker_is_missing

pytestmark = [pytest.mark.containers, pytest.mark.compose]
HERE = Path(__file__).parent
EVENTS, RATE = 10_000, 200  # 50 s: the faults take half of that
Say = Callable[[str], None]


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def until(what: str, holds: Callable[[], Any], limit: float) -> Any:
    deadline = time.monotonic() + limit
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what}: not within {limit:.0f} s"
        time.sleep(0.3)
    return found


@pytest.fixture(scope="module")
def compose() -> Iterator[Any]:
    docker_is_missing(by_path(HERE / "compose.py").why_not())
    variables = {"AVROGATE_EVENTS": str(EVENTS), "AVROGATE_RATE": str(RATE)}
    with by_path(HERE / "compose.py").project("smoke", **variables) as project:
        yield project
    label = f"label=com.docker.compose.project={project.project}"
    for left in (["ps", "--all"], ["network", "ls"], ["volume", "ls"]):
        assert docker(*left, "--quiet", "--filter", label) == ""


@pytest.fixture
def say(request: pytest.FixtureRequest, compose: Any, capsys: pytest.CaptureFixture[str]) -> Iterator[Say]:
    """A line for the terminal, whatever pytest captures; and after a failure what the containers said last."""
    began = time.monotonic()

    def print_now(text: str) -> None:
        with capsys.disabled():
            print(f"\n[{time.monotonic() - began:3.0f} s] {text}", end="", flush=True)  # noqa: T201

    yield print_now
    if request.session.testsfailed:
        print_now(compose("logs", "--no-color", "--tail", "40").stdout)


def audit(compose: Any) -> dict[str, Any]:
    """The audit, asked from a container of its own inside the network."""
    done = compose.run("processor", "audit", "--format", "json")
    assert done.stdout.startswith("{"), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def total(report: dict[str, Any], what: str) -> int:
    numbers = (partition[what] for partition in report["partitions"])
    return sum(number if isinstance(number, int) else len(number) for number in numbers)


def state(container: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("inspect", "--format", "{{json .}}", container))
    return {"restarts": found["RestartCount"], **found["State"]}


def members(settings: Settings) -> dict[str, tuple[str, int]]:
    """Who is in the processors' group, dead ones not missed yet too: address, and number of partitions."""
    from confluent_kafka.admin import AdminClient

    from processors.run import GROUP

    client = AdminClient({"bootstrap.servers": settings.brokers, "log_level": 0})
    group = client.describe_consumer_groups([GROUP], request_timeout=10)[GROUP].result()
    return {one.member_id: (one.host.lstrip("/"), len(one.assignment.topic_partitions)) for one in group.members}


def shares(settings: Settings) -> dict[str, int]:
    return dict(members(settings).values())


def address(container: str) -> str:
    return docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)


def counted_from_the_topic(settings: Settings, event: str) -> dict[datetime, int]:
    """Events of one kind by UTC minute, read record by record and without Spark."""
    from schemas.catalog import shipped_catalog
    from schemas.decoder import TopicDecoder
    from schemas.registry import Registry

    topic = "events-enriched"
    decoder, minutes = TopicDecoder(shipped_catalog(), Registry(settings), topic), Counter[datetime]()
    for message in read_to_end(settings, topic):
        version, record, _ = decoder.read(message.value())
        if version.short_name == event:
            minutes[datetime.fromtimestamp(record["time"] // 60_000 * 60, UTC)] += 1
    return dict(minutes)


def published(settings: Settings, kpi: str) -> dict[datetime, int]:
    from analytics.kpi_topic import read_results

    return {row.minute: row.count for row in read_results(settings).rows if row.kpi == kpi}


def on_the_cluster(port: int) -> list[dict[str, Any]]:
    """The applications that hold cores of the workers, as the Spark master says."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy
    with direct.open(f"http://{LOOPBACK}:{port}/json/", timeout=10) as answer:
        applications: list[dict[str, Any]] = json.load(answer)["activeapps"]
    return [one for one in applications if one["cores"] > 0]


def on_the_dashboard(port: int, kpi: str) -> str:
    """A KPI's total, as the page shows it."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://{LOOPBACK}:{port}/view", timeout=10) as answer:
        totals = {chart["name"]: str(chart["total"]) for chart in json.load(answer)["charts"]}
    return totals[kpi]


def memory(compose: Any) -> str:
    """What each container uses now, of what it may, and from which image it is."""
    running = compose("ps", "--quiet").stdout.split()
    images = dict(docker("inspect", "--format", "{{.Name}} {{.Config.Image}}", one)[1:].split() for one in running)
    used = docker("stats", "--no-stream", "--format", "{{.Name}}: {{.MemUsage}}", *running).splitlines()
    return "\n".join(f"  {line.removeprefix(compose.project + '-')}, {images[line.split(':')[0]]}" for line in used)


def test_smoke(compose: Any, say: Say, tmp_path: Path) -> None:
    say("up")
    compose.up("--wait", "--scale", "producer=0", "--scale", "processor=2", timeout=240)
    ports = compose.environment
    settings = Settings(
        home=tmp_path,
        bootstrap_servers=f"{LOOPBACK}:{ports['AVROGATE_PORT_KAFKA']}",
        registry_url=f"http://{LOOPBACK}:{ports['AVROGATE_PORT_REGISTRY']}",
    )
    for service in ("topics", "register"):
        assert state(compose.containers(service)[0])["ExitCode"] == 0
    first, second = compose.containers("processor")
    until("two processors share", lambda: sum(map(bool, shares(settings).values())) == 2, 60)
    say(f"healthy; two processors share the partitions: {shares(settings)}")

    compose.up("--no-deps", "producer")
    (producer,) = compose.containers("producer")
    until("events are processed", lambda: counted_from_the_topic(settings, "Match"), 60)
    before, killed = members(settings), state(first)["Pid"]
    everything, survivor = sum(shares(settings).values()), address(first)
    (dead,) = (member for member, (host, _) in before.items() if host == survivor)
    docker("exec", first, "sh", "-c", "kill -KILL $(cat /proc/1/task/1/children)")
    until("the restart policy brings it back", lambda: state(first)["restarts"] == 1 and state(first)["Running"], 30)
    assert state(first)["Pid"] != killed
    until("it has partitions again", lambda: dead not in members(settings) and shares(settings).get(survivor), 60)
    say(f"kill -9 of one's process: restarted by its policy, and back: {shares(settings)}")
    docker("kill", "--signal", "KILL", second)
    until("the other takes over", lambda: list(members(settings).values()) == [(survivor, everything)], 60)
    assert not state(second)["Running"]
    assert state(producer)["Running"], "the producer was done before the end of the faults: nothing was under load"
    say(f"docker kill of the other: gone, and its partitions taken over: {shares(settings)}")

    say("memory under load, of the limit, and images:\n" + memory(compose))
    until("the producer has sent everything", lambda: not state(producer)["Running"], 120)
    assert state(producer)["ExitCode"] == 0
    report = until("nothing is pending", lambda: (now := audit(compose)) and not total(now, "pending") and now, 60)
    table = compose.run("processor", "audit")
    say("audit, asked from inside the network:\n" + table.stdout + table.stderr)
    assert table.returncode == 0
    assert report["adds_up"]
    assert total(report, "lost") == total(report, "twice") == total(report, "pending") == 0
    refused = sum(report["refused_by_producer"].values())
    assert total(report, "events") + refused == EVENTS
    assert total(report, "enriched") + total(report, "dead_letters") == total(report, "events")

    applications = on_the_cluster(int(ports["AVROGATE_PORT_SPARK"]))
    assert [one["state"] for one in applications] == ["RUNNING"]
    for kpi, event in (("matches", "Match"), ("purchases", "InAppPurchase")):
        expected = counted_from_the_topic(settings, event)
        assert expected
        until(f"the minute KPI {kpi} is {expected}", lambda: published(settings, kpi) == expected, 90)  # noqa: B023
        shown, port = f"{sum(expected.values()):,}", int(ports["AVROGATE_PORT_DASHBOARD"])
        until(f"the dashboard shows {shown} {kpi}", lambda: on_the_dashboard(port, kpi) == shown, 30)  # noqa: B023
        say(f"minute KPI {kpi}, by the Spark cluster and on the dashboard: {shown}, each minute as counted")

    fill = compose.run("lake", "analytics", "lake", "--until-idle", "0")
    assert fill.returncode == 0, fill.stderr
    assert f"{total(report, 'enriched'):,} events into the lake" in fill.stdout
    asked = compose.run("lake", "analytics", "daily-users", "--activity", "any", "--format", "json")
    assert asked.returncode == 0, asked.stderr
    daily = json.loads(asked.stdout)
    assert daily["lake"]["behind"] == 0
    assert daily["events"] == total(report, "enriched")
    say(f"the lake, filled and read in containers of its own: {fill.stdout.strip()}")
    say("down\n")
