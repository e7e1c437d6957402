"""A checkpoint belongs to one topic of one cluster, and to one process at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analytics import checkpoints
from analytics.checkpoints import Checkpoint, open_checkpoint
from avrogate.errors import ConfigError
from avrogate.settings import Settings


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The identity of the log that the broker tells; tests change it in place."""
    told = [("cluster-1", "topic-1")]
    monkeypatch.setattr(checkpoints, "log_identity", lambda settings, topic: told[0])
    return told


def opened(tmp_path: Path, now: float = 5.0) -> Checkpoint:
    return open_checkpoint(Settings(home=tmp_path), "kpis", "events", now=lambda: now)


def test_the_generation_is_when_it_was_begun_and_stays(tmp_path: Path, cluster: list[tuple[str, str]]) -> None:
    assert opened(tmp_path, 5.0).identity.generation == 5000
    assert opened(tmp_path, 9.0).identity.generation == 5000


@pytest.mark.parametrize("other", [("cluster-2", "topic-1"), ("cluster-1", "topic-2")])
def test_another_log_is_refused(tmp_path: Path, cluster: list[tuple[str, str]], other: tuple[str, str]) -> None:
    folder = opened(tmp_path).folder
    cluster[0] = other
    with pytest.raises(ConfigError, match="belongs to topic events") as caught:
        opened(tmp_path)
    assert caught.value.hint is not None
    assert str(folder) in caught.value.hint


def test_a_folder_that_does_not_say_whose_it_is(tmp_path: Path, cluster: list[tuple[str, str]]) -> None:
    (tmp_path / "checkpoints" / "kpis" / "spark").mkdir(parents=True)
    with pytest.raises(ConfigError, match="does not say which cluster"):
        opened(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"cluster": 1}'])
def test_a_damaged_identity(tmp_path: Path, cluster: list[tuple[str, str]], content: str) -> None:
    (opened(tmp_path).folder / "identity.json").write_text(content)
    with pytest.raises(ConfigError, match="damaged"):
        opened(tmp_path)


def test_one_process_at_a_time(tmp_path: Path, cluster: list[tuple[str, str]]) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    with first.locked(), pytest.raises(ConfigError, match="another"), second.locked():
        pass
    with second.locked():
        pass


def test_watermark_and_ends_are_those_that_spark_wrote_down(tmp_path: Path, cluster: list[tuple[str, str]]) -> None:
    checkpoint = opened(tmp_path)
    offsets = checkpoint.folder / "spark" / "offsets"
    offsets.mkdir(parents=True)
    metadata = json.dumps({"batchWatermarkMs": 77, "batchTimestampMs": 1})
    (offsets / "4").write_text(f"v1\n{metadata}\n{json.dumps({'events': {'0': 12, '1': 0}})}")
    assert checkpoint.watermark(4) == 77
    assert checkpoint.ends(4) == {0: 12, 1: 0}


def test_what_spark_planned_of_a_batch(tmp_path: Path, cluster: list[tuple[str, str]]) -> None:
    checkpoint = opened(tmp_path)
    offsets = tmp_path / "checkpoints" / "kpis" / "spark" / "offsets"
    offsets.mkdir(parents=True)
    for batch, ends in enumerate(({"0": 10}, {"0": 15, "1": 7})):
        lines = ["v1", json.dumps({"batchWatermarkMs": batch * 100}), json.dumps({"events": ends})]
        (offsets / str(batch)).write_text("\n".join(lines))
    assert [checkpoint.watermark(batch) for batch in (0, 1)] == [0, 100]
    assert checkpoint.offsets(0, "events") == ({"0": -2}, {"0": 10})
    assert checkpoint.offsets(1, "events") == ({"0": 10, "1": -2}, {"0": 15, "1": 7})


def test_a_place_that_cannot_be_used(tmp_path: Path, cluster: list[tuple[str, str]]) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(home=tmp_path, checkpoints=tmp_path / "file" / "below")
    with pytest.raises(ConfigError, match=r"below/kpis cannot be used: Not a directory"):
        open_checkpoint(settings, "kpis", "events")
