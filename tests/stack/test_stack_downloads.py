"""Downloads: what an offline machine is told, and that Spark takes its jars from the same cache."""

import signal
import socket
import subprocess
import sys

import psutil
import pytest

from avrogate.errors import StackError
from avrogate.local.download import DISK_MB, ensure_downloaded, ivy_home
from avrogate.local.files import MEGABYTE
from avrogate.local.stack import Stack
from avrogate.settings import load_settings

pytestmark = pytest.mark.stack
COMMAND = [sys.executable, "-c", "from avrogate.cli import main; main()", "stack"]
OFFLINE = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=1"  # nothing listens there

SPARK = """
from pyspark.sql import SparkSession
from pyspark.sql.avro.functions import from_avro
from avrogate.local.download import ivy_home, spark_excludes, spark_packages
from avrogate.settings import load_settings
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
builder = builder.config("spark.jars.ivy", str(ivy_home(load_settings())))
builder = builder.config("spark.jars.packages", ",".join(spark_packages()))
session = builder.config("spark.jars.excludes", ",".join(spark_excludes())).getOrCreate()
frame = session.createDataFrame([(bytearray([2]),)], ["b"]).select(from_avro("b", '"int"').alias("n"))
print("decoded", frame.collect()[0].n)
"""


def test_offline_machine_gets_one_clear_line(own_home, tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", OFFLINE)
    monkeypatch.setenv("AVROGATE_DOWNLOADS", str(tmp_path / "empty"))
    stack = Stack(load_settings())
    with pytest.raises(StackError, match=r"^download failed: no connection .*Connection refused") as caught:
        stack.up(print)
    assert f"log: {tmp_path / 'empty' / 'download.log'}" in caught.value.hint
    assert not list((tmp_path / "empty").glob("stack-*"))
    assert {one.state for one in stack.status()} == {"stopped"}


def test_interrupted_download_ends_its_helper_and_is_not_complete(own_home, tmp_path, monkeypatch):
    monkeypatch.setenv("AVROGATE_DOWNLOADS", str(tmp_path / "empty"))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        port = silent.getsockname()[1]
        monkeypatch.setenv("JAVA_TOOL_OPTIONS", f"-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort={port}")
        starting = subprocess.Popen([*COMMAND, "up"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        silent.settimeout(60)
        silent.accept()[0].close()
        starting.send_signal(signal.SIGINT)
        starting.communicate(timeout=30)
    assert starting.returncode == 130
    helpers = [
        one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or [])
    ]
    assert helpers == []
    assert not list((tmp_path / "empty").glob("stack-*"))


def test_what_stays_on_disk_is_what_was_said(own_home):
    ensure_downloaded(load_settings(), print)
    seen = set()
    folder = load_settings().downloads_home
    once = 0
    for path in folder.rglob("*"):
        status = path.lstat()
        if status.st_ino not in seen and "spark" not in path.parts:
            seen.add(status.st_ino)
            once += status.st_size
    assert once / MEGABYTE == pytest.approx(DISK_MB, rel=0.15)


@pytest.mark.spark
def test_spark_needs_no_connection_once_the_stack_is_downloaded(own_home, monkeypatch):
    settings = load_settings()
    ensure_downloaded(settings, print)
    cache = ivy_home(settings) / "cache"
    before = set(cache.rglob("*.jar"))
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", OFFLINE)
    done = subprocess.run([sys.executable, "-c", SPARK], capture_output=True, text=True, timeout=200, check=False)
    assert "decoded 1" in done.stdout, done.stderr[-2000:]
    assert before
    assert set(cache.rglob("*.jar")) == before
