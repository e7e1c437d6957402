"""`avrogate produce --from FILE` twice is not twice: killed, interrupted, appended to, and two at once."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from avrogate.errors import ConfigError
from avrogate.kafka import admin, consumer, offsets
from avrogate.kafka_reading import read_to_end
from avrogate.local.stack import Stack
from avrogate.pipeline import _produce
from avrogate.settings import Settings
from conftest import environment
from producers import Publisher
from producers.batches import Batches
from producers.file_progress import FileProgress, ProgressTopic
from producers.refusals import Refusal
from producers.replay import open_lines
from producers.run import produce
from schemas.catalog import shipped_catalog
from schemas.decoder import TopicDecoder
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

KILLS = 3
RAW, DEAD = "events-raw", "events-dead-letter"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def ready(empty_stack: Settings) -> Settings:
    """The catalog's topics and schemas under their own names, as the command line uses them."""
    catalog = shipped_catalog()
    list(create_topics(catalog, empty_stack))
    list(register_all(catalog, Registry(empty_stack)))
    return empty_stack


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test writes its events."""
    return tmp_path / "events.jsonl"


def line(user: str) -> str:
    """An event of a user of its own; one whose name ends in 7 is refused."""
    seconds = -1 if user.endswith("7") else 1_700_000_000
    event = {"event-type": "init", "time": seconds, "user-id": user, "country": "PT", "platform": "ios"}
    return json.dumps(event) + "\n"


def users(name: str, first: int, last: int) -> list[str]:
    return [f"{name}-{number}" for number in range(first, last)]


def write(file: Path, names: list[str]) -> None:
    file.write_text("".join(map(line, names)), encoding="utf-8")


def found(settings: Settings, name: str, raw: str = RAW, dead: str = DEAD) -> Counter[str]:
    """How often each user of a test is in the two topics, each where it belongs."""
    result: Counter[str] = Counter()
    for topic, refused in ((raw, False), (dead, True)):
        for message in read_to_end(settings, topic):
            user = (message.key() or b"").decode()
            if user.startswith(f"{name}-"):
                assert user.endswith("7") is refused
                result[user] += 1
    return result


def start(settings: Settings, file: Path, *options: str) -> subprocess.Popen[str]:
    command = [Path(sys.executable).with_name("avrogate"), "produce", "--from", str(file), *options]
    return subprocess.Popen(
        command, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def read_progress(settings: Settings) -> dict[str, FileProgress]:
    return ProgressTopic(settings, shipped_catalog()).read()


def written(settings: Settings) -> int:
    """Records and markers on the raw topic, those of transactions that were aborted or are open included."""
    probe = consumer(settings, "test", isolation_level="read_uncommitted")
    try:
        return sum(offsets(settings, probe, RAW, partition)[1] for partition in range(4))
    finally:
        probe.close()


@pytest.mark.faults
def test_killed_at_any_moment_every_line_is_sent_once(ready: Settings, avrogate: Run, file: Path) -> None:
    chance = random.Random(4)
    names = users("killed", 0, 6000)
    write(file, names)
    before, committed = written(ready), 0
    for kill in range(KILLS):
        running = start(ready, file, "--rate", "1000")
        if kill == 0:  # in its first transaction; later ones in one that follows a commit
            until(lambda: written(ready) > before)
        else:
            reached = committed
            while reached == committed:
                reached = found(ready, "killed").total()
            committed = reached
        time.sleep(chance.uniform(0.05, 0.8))
        assert running.poll() is None
        running.kill()
        running.communicate()
    running = start(ready, file)
    printed, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    going_on = re.search("going on after line ([0-9,]+)", said)
    assert going_on
    assert 6000 > int(going_on[1].replace(",", "")) >= committed > 0
    assert found(ready, "killed") == Counter(names)
    assert "all of it is sent: 5,400 events and 600 refused lines" in " ".join(printed.split())
    # more than was to be sent has been written: the kills fell into transactions
    assert written(ready) - before > 5400 + 100
    again = avrogate(ready, "produce", "--from", str(file))
    assert (again.returncode, again.stderr) == (0, "")
    assert "was sent before: 5,400 sent, 600 refused" in again.stdout
    assert found(ready, "killed") == Counter(names)


def test_ctrl_c_finishes_the_batch_and_the_same_command_goes_on(ready: Settings, avrogate: Run, file: Path) -> None:
    names = users("interrupted", 0, 1500)
    write(file, names)
    running = start(ready, file, "--rate", "100")
    until(lambda: found(ready, "interrupted"))
    running.send_signal(signal.SIGINT)
    printed, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "the same command goes on" in said
    so_far = found(ready, "interrupted")
    assert 0 < len(so_far) < 1500
    assert list(so_far.values()) == [1] * len(so_far)
    assert f"up to line {len(so_far):,}" in " ".join(printed.split())
    done = avrogate(ready, "produce", "--from", str(file))
    assert f"going on after line {len(so_far):,}" in done.stderr
    assert found(ready, "interrupted") == Counter(names)
    again = produce(ready, open_lines(str(file)), again=True)
    assert again.file is not None
    assert (again.all_sent, again.all_refused, again.file.progress.times) == (1350, 150, 2)
    assert found(ready, "interrupted") == Counter(names * 2)


@pytest.mark.parametrize("half", [False, True], ids=["whole lines", "half a line"])
def test_a_file_that_was_appended_to_goes_on_after_what_was_sent(ready: Settings, file: Path, half: bool) -> None:
    name = f"appended{half}"
    names = users(name, 0, 40)
    write(file, names[:20])
    with file.open("a", encoding="utf-8") as appending:
        appending.write(line(names[20])[: 50 if half else None])
    assert produce(ready, open_lines(str(file))).all_refused == 2 + half
    with file.open("a", encoding="utf-8") as appending:
        appending.write(line(names[20])[50:] if half else "")
        appending.writelines(map(line, names[21:]))
    told: list[str] = []
    summary = produce(ready, open_lines(str(file)), note=told.append)
    assert f"going on after line {20 if half else 21}" in told[0]
    assert summary.all_sent + summary.all_refused == (20 if half else 19)
    assert summary.file is not None
    assert (summary.file.progress.line, summary.file.progress.done) == (40, True)
    assert found(ready, name) == Counter(names)
    write(file, users(name, 100, 120))  # another file of that name
    assert produce(ready, open_lines(str(file))).all_sent == 18


def test_a_file_that_grows_while_it_is_sent_is_an_error_and_goes_on_after_it(
    ready: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.batches.LINES", 500)
    names = users("growing", 0, 1500)
    write(file, names[:1200])

    def append(done: int, total: int | None) -> None:
        if done >= len("".join(map(line, names[:500]))) and total == file.stat().st_size:
            with file.open("a", encoding="utf-8") as appending:
                appending.writelines(map(line, names[1200:]))

    with pytest.raises(ConfigError, match="was changed while it was read"):
        produce(ready, open_lines(str(file)), progress=append)
    assert found(ready, "growing") == Counter(names[:500])
    told: list[str] = []
    produce(ready, open_lines(str(file)), note=told.append)
    assert "begins with a file a part of which was sent" in told[0]
    assert found(ready, "growing") == Counter(names)


def test_a_beginning_that_is_a_file_of_its_own_is_known_to_be_sent(
    ready: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.batches.LINES", 30)
    names, short = users("short", 0, 150), file.with_name("short.jsonl")
    write(short, names[:100])
    write(file, names)
    commit, commits = Batches.commit, 0

    def interrupted(batches: Batches, progress: FileProgress) -> list[tuple[int, Refusal]]:
        nonlocal commits
        commits += 1
        if commits == 4:
            batches.abort()
            raise KeyboardInterrupt
        return commit(batches, progress)

    monkeypatch.setattr(Batches, "commit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        produce(ready, open_lines(str(short)))
    assert found(ready, "short") == Counter(names[:60])
    told: list[str] = []
    summary = produce(ready, open_lines(str(file)), note=told.append)
    assert told == [told[0]] and "begins with a file a part of which was sent" in told[0]
    assert (summary.all_sent + summary.all_refused, summary.file and summary.file.began_after) == (90, 60)
    assert found(ready, "short") == Counter(names)
    for one, lines in ((short, 100), (file, 150)):
        report = produce(ready, open_lines(str(one))).file
        assert report is not None
        assert (report.already, report.progress.line, report.progress.done) == (True, lines, True)
        assert (report.progress.sent, report.progress.refused) == (lines * 9 // 10, lines // 10)
    assert found(ready, "short") == Counter(names)


def test_a_longer_file_takes_over_from_one_that_has_only_begun(ready: Settings, file: Path) -> None:
    names, short = users("begun", 0, 60), file.with_name("begun.jsonl")
    write(short, names[:50])
    write(file, names)
    known = len(read_progress(ready))
    first = start(ready, short, "--rate", "0.2")
    until(lambda: len(read_progress(ready)) > known)
    second = start(ready, file)
    printed, said = second.communicate(timeout=60)
    assert second.returncode == 0, said
    assert "all of it is sent" in printed
    _, said = first.communicate(timeout=60)
    assert "another process has taken" in said
    assert found(ready, "begun") == Counter(names)


def test_of_two_at_once_the_newer_goes_on(ready: Settings, file: Path) -> None:
    names = users("both", 0, 4000)
    write(file, names)
    first = start(ready, file, "--rate", "100")
    until(lambda: found(ready, "both"))
    second = start(ready, file)
    _, said = first.communicate(timeout=60)
    assert first.returncode == 1
    assert "another process has taken" in said
    printed, said = second.communicate(timeout=60)
    assert second.returncode == 0, said
    assert "all of it is sent" in printed
    assert found(ready, "both") == Counter(names)


def test_the_pipeline_sends_a_file_once(ready: Settings, file: Path) -> None:
    write(file, users("pipeline", 0, 30))
    first, second = (_produce(ready, lambda: open_lines(str(file))) for _ in range(2))
    assert (first.all_sent, first.file.already) == (27, False)
    assert (second.all_sent, second.file.already) == (0, True)
    assert found(ready, "pipeline") == Counter(users("pipeline", 0, 30))


def test_a_file_without_a_line_is_sent_once_too(ready: Settings, file: Path) -> None:
    file.write_text("\n\n", encoding="utf-8")
    for already in (False, True):
        summary = produce(ready, open_lines(str(file)))
        assert summary.file is not None
        assert (summary.file.already, summary.file.progress.line) == (already, 2)


def test_what_the_topic_really_takes_counts(platform: Platform, file: Path) -> None:
    raw, dead = platform.catalog.stage_topic("raw"), platform.catalog.topic_of("pipeline", "dead-letter")
    client = admin(platform.settings)
    for topic, limit in ((raw, 900), (dead, 5000)):
        entry = ConfigEntry("max.message.bytes", str(limit), incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        client.incremental_alter_configs([resource])[resource].result()
    match = {"event-type": "match", "time": 1_700_000_000, "user-a": "a" * 50, "user-b": "b" * 50, "winner": "a" * 50}
    info = {"coin-balance-after-match": 1, "level-after-match": 1, "device": "d" * 200, "platform": "p" * 10}
    match |= {"user-a-postmatch-info": info, "user-b-postmatch-info": info, "game-tier": 1, "duration": 1}
    large, larger = json.dumps(match), json.dumps(match | {"x": "y" * 8000})
    small = [line(f"limits-{number}") for number in range(600)]
    file.write_text("".join([*small, f"{large}\n{larger}\n", line("limits-last")]), encoding="utf-8")
    summary = produce(platform.settings, open_lines(str(file)), catalog=platform.catalog)
    assert (summary.all_sent, summary.refused) == (541, {"out-of-bounds": 60, "too-large": 1, "unknown-field": 1})
    with Publisher(platform.settings, platform.catalog) as publisher:
        for one in [*small, large, larger]:
            publisher.publish(one)
    assert publisher.summary.refused == summary.refused
    decoder = TopicDecoder(platform.catalog, Registry(platform.settings), dead)
    letters = [decoder.read(message.value()).record for message in read_to_end(platform.settings, dead)]
    assert len(letters) == 124
    originals = {letter["reason"]: letter["original"] for letter in letters}
    assert originals["too-large"] == large.encode()
    assert 4000 < len(originals["unknown-field"]) < 5000
    assert larger.encode().startswith(originals["unknown-field"])
    sizes = Counter((letter["reason"], letter["original_size"]) for letter in letters)
    assert sizes == {("out-of-bounds", None): 120, ("too-large", None): 2, ("unknown-field", len(larger)): 2}


@pytest.fixture
def no_broker(ready: Settings) -> Iterator[Callable[[], None]]:
    """Stops the broker when it is called; it is back at the end."""
    yield lambda: Stack(ready).down(only=["kafka"])
    Stack(ready).up(print)


@pytest.mark.faults
def test_ctrl_c_ends_it_in_an_outage_too(
    ready: Settings, file: Path, no_broker: Callable[[], None], avrogate: Run
) -> None:
    write(file, users("outage", 0, 10_000))
    running = start(ready, file, "--rate", "1000")
    until(lambda: found(ready, "outage"))
    no_broker()
    time.sleep(1.5)
    assert running.poll() is None
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert time.monotonic() - begun < 4
    assert running.returncode == 130
    assert "stopped during an outage: broker unreachable" in said
    assert "is sent up to line" in said
    Stack(ready).up(print)
    assert avrogate(ready, "produce", "--from", str(file)).returncode == 0
    assert found(ready, "outage") == Counter(users("outage", 0, 10_000))
