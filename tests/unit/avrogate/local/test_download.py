"""Pins, and a download folder that is complete or not there; with a made-up Ivy cache."""

import io
import os
import re
import tarfile
import threading
import tomllib
from pathlib import Path

import pytest

from avrogate.errors import StackError
from avrogate.local import download, ivy
from avrogate.local.download import ensure_downloaded, ivy_home, spark_excludes, spark_packages
from avrogate.settings import Settings

ACCESS = "Server access error at url https://repository.example/a.pom"
ROOT = Path(__file__).parents[4]


def test_connectors_are_of_pysparks_version():
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    pin = next(one for one in dependencies if one.startswith("pyspark"))
    packages = spark_packages()
    assert {one.rpartition(":")[0] for one in packages} >= {
        "org.apache.spark:spark-avro_2.13",
        "org.apache.spark:spark-sql-kafka-0-10_2.13",
    }
    assert {one.rpartition(":")[2] for one in packages} == {pin.removeprefix("pyspark==")}


def test_every_pin_is_one_version_and_no_repository_is_named():
    for configuration in ivy.CONFIGURATIONS:
        assert ivy.coordinates(configuration)
        for one in ivy.coordinates(configuration):
            assert re.fullmatch(r"[\w.\-]+:[\w.\-]+:\d[\w.\-]*", one)
    text = (ivy.PINS.read_text() + ivy.REPOSITORIES.read_text()).replace("http://ant.apache.org/ivy/maven", "")
    assert "//" not in text


def test_excludes_are_groups_and_artifacts():
    assert "org.apache.hadoop:hadoop-client-runtime" in spark_excludes()
    assert all(one.count(":") == 1 for one in spark_excludes())


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home", downloads=None)


def fake_ivy(cache: Path) -> None:
    """What a run of Ivy leaves: artifacts, and one report for each configuration."""
    (cache / "x").mkdir(parents=True, exist_ok=True)
    (cache / "x" / "kafka-1.jar").write_bytes(b"jar")
    with tarfile.open(cache / "x" / "registry.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("quarkus-run.jar")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"run"))
    for configuration, name in (("kafka", "kafka-1.jar"), ("registry", "registry.tar.gz")):
        artifact = f'<artifact name="a" location="{cache}/x/{name}"/>'
        (cache / f"avrogate-stack-{configuration}.xml").write_text(f"<ivy-report>{artifact}</ivy-report>")


@pytest.fixture
def resolved(monkeypatch):
    """Ivy replaced by `fake_ivy`; the list counts its runs."""
    runs = []

    def resolve(java, options, cache, log, on_tick, keep_open):
        runs.append(cache)
        os.fstat(keep_open)
        log.write_text("\tfound one\n" * 30)
        on_tick()
        fake_ivy(cache)
        log.write_text("\tfound one\n" * download.MODULES)
        on_tick()

    monkeypatch.setattr(ivy, "resolve", resolve)
    return runs


def test_download_says_its_size_first_and_ends_complete(settings, resolved):
    lines = []
    result = ensure_downloaded(settings, lines.append)
    assert f"about {download.DOWNLOAD_MB} MB" in lines[0]
    assert f"{download.DISK_MB} MB of disk in {settings.downloads_home}" in lines[0]
    assert lines[1:] == [
        f"30 of {download.MODULES} modules found",
        f"{download.DOWNLOAD_MB} of {download.DOWNLOAD_MB} MB downloaded",
        "unpacking",
    ]
    assert result.registry_jar.read_bytes() == b"run"
    assert [jar.name for jar in (result.folder / "kafka").iterdir()] == ["kafka-1.jar"]
    assert resolved == [ivy_home(settings) / "cache"]
    assert not list(ivy_home(settings).rglob("*.tar.gz")), "the unpacked archive takes space for nothing"


def test_second_call_downloads_nothing_and_is_silent(settings, resolved):
    first = ensure_downloaded(settings, lambda line: None)
    lines = []
    assert ensure_downloaded(settings, lines.append) == first
    assert lines == []
    assert len(resolved) == 1


def test_progress_gets_numbers(settings, resolved):
    seen = []
    ensure_downloaded(settings, lambda line: None, lambda *step: seen.append(step))
    assert seen[0] == ("modules found", 30, download.MODULES)
    assert seen[-1] == ("MB downloaded", download.DOWNLOAD_MB, download.DOWNLOAD_MB)


def test_emptied_folder_is_downloaded_again(settings, resolved):
    first = ensure_downloaded(settings, lambda line: None)
    for jar in (first.folder / "kafka").iterdir():
        jar.unlink()
    assert list((ensure_downloaded(settings, lambda line: None).folder / "kafka").iterdir())
    assert len(resolved) == 2


def test_changed_pins_are_downloaded_again(settings, resolved, monkeypatch, tmp_path):
    first = ensure_downloaded(settings, lambda line: None)
    changed = tmp_path / "ivy.xml"
    changed.write_text(ivy.PINS.read_text().replace("4.4.0", "4.4.1"))
    monkeypatch.setattr(ivy, "PINS", changed)
    assert ensure_downloaded(settings, lambda line: None) != first
    assert len(resolved) == 2


def test_unpacking_that_broke_off_is_not_complete(settings, resolved, monkeypatch):
    def breaks(*arguments, **keywords):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tarfile.TarFile, "extractall", breaks)
        with pytest.raises(KeyboardInterrupt):
            ensure_downloaded(settings, lambda line: None)
    assert [path.name for path in settings.downloads_home.glob("stack-*")] == [f"stack-{ivy.fingerprint()}.partial"]
    assert ensure_downloaded(settings, lambda line: None).registry_jar.is_file()
    assert [path.name for path in settings.downloads_home.glob("stack-*")] == [f"stack-{ivy.fingerprint()}"]


def test_two_at_once_download_once(settings, resolved):
    lines = []
    results = []
    original = ivy.resolve
    inside, go_on = threading.Event(), threading.Event()

    def slow(*arguments, **keywords):
        inside.set()
        assert go_on.wait(5)
        original(*arguments, **keywords)

    def call():
        results.append(ensure_downloaded(settings, lines.append))

    ivy.resolve = slow
    try:
        first = threading.Thread(target=call)
        first.start()
        assert inside.wait(5)
        second = threading.Thread(target=call)
        second.start()
        while not any("another process is downloading" in line for line in lines):
            assert second.is_alive()
        go_on.set()
        first.join(5)
        second.join(5)
    finally:
        ivy.resolve = original
    assert len(resolved) == 1
    assert results[0] == results[1]


def test_too_small_a_disk_is_refused_before_anything_is_fetched(settings, resolved, monkeypatch):
    monkeypatch.setattr(download, "PEAK_MB", 999_999_999)
    with pytest.raises(StackError, match="disk full: the first start needs 999999999 MB"):
        ensure_downloaded(settings, lambda line: None)
    assert resolved == []


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (":: UNRESOLVED DEPENDENCIES ::\n:: a#b;1: not found", "the package repository lacks an artifact"),
        (
            f"UNRESOLVED DEPENDENCIES\n{ACCESS} (java.net.ConnectException: refused)",
            "(java.net.ConnectException: refused)",
        ),
        (f"UNRESOLVED DEPENDENCIES\n{ACCESS} (SSLHandshakeException: PKIX path building failed)", "is not trusted"),
        ("IOException: No space left on device\nUNRESOLVED DEPENDENCIES", "disk full"),
        ("FAILED DOWNLOADS", "the connection broke off"),
        ("what?", "download failed"),
    ],
)
def test_failures_are_told_by_their_cause(tmp_path, log, reason):
    (tmp_path / "log").write_text(log)
    error = ivy._failure(tmp_path / "log")
    assert reason in error.message
    assert str(tmp_path / "log") in error.hint


def test_homes_can_share_downloads(tmp_path):
    shared = Settings(home=tmp_path / "home", downloads=tmp_path / "shared")
    assert ivy_home(shared) == tmp_path / "shared" / "ivy"
    assert ivy_home(Settings(home=tmp_path / "home", downloads=None)) == tmp_path / "home" / "downloads" / "ivy"
