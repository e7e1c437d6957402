"""The pinned artifacts of ivy.xml, and the run of the Ivy that pyspark bundles."""

from __future__ import annotations

import hashlib
import re
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from avrogate.errors import StackError
from avrogate.local.java import Java
from avrogate.local.process import helper

PINS = Path(__file__).with_name("ivy.xml")
REPOSITORIES = Path(__file__).with_name("ivysettings.xml")
CONFIGURATIONS = ("kafka", "registry", "spark")
POLL = 0.5

# without them a firewall that swallows packets makes Java wait for minutes, file by file
TIMEOUTS = ("-Dsun.net.client.defaultConnectTimeout=15000", "-Dsun.net.client.defaultReadTimeout=60000")

CAUSES = {  # what Ivy or Java print, what it means, what to do
    r"No space left on device": ("disk full", "free some space, or point AVROGATE_HOME to another disk"),
    r"PKIX": (
        "the certificate of the connection is not trusted",
        "behind an inspecting proxy, set SSL_CERT_FILE to a PEM file with its certificate",
    ),
    r"Server access error at url \S+ \((.+)\)": (
        "no connection to the package repository",
        "check the network; a proxy goes into JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=… -Dhttps.proxyPort=…",
    ),
    r"UNRESOLVED DEPENDENCIES": ("the package repository lacks an artifact", "the log names it"),
    r"FAILED DOWNLOADS": ("the connection broke off", "run it again: what has arrived is kept"),
}


def coordinates(configuration: str) -> list[str]:
    """Maven coordinates (group:artifact:version) that ivy.xml pins for a configuration."""
    return [
        f"{one.get('org')}:{one.get('name')}:{one.get('rev')}"
        for one in ElementTree.parse(PINS).iter("dependency")
        if (one.get("conf") or "").startswith(f"{configuration}->")
    ]


def excludes(configuration: str) -> list[str]:
    """group:artifact of what ivy.xml leaves out of a configuration."""
    return [
        f"{one.get('org')}:{one.get('module')}"
        for one in ElementTree.parse(PINS).iter("exclude")
        if one.get("conf") == configuration
    ]


def fingerprint() -> str:
    """Changes whenever a pin does."""
    return hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]


def resolve(
    java: Java, options: list[str], cache: Path, log: Path, on_tick: Callable[[], None], keep_open: int
) -> None:
    """Fill `cache` with every artifact of ivy.xml; `on_tick` is called now and then.

    The descriptor `keep_open` (a lock) stays with Ivy, so that it holds until Ivy has really ended.
    Raises StackError with the reason and the log's place. What has arrived stays for the next time.
    """
    command = [str(java.executable), *TIMEOUTS, *options, "-jar", str(_ivy_jar()), "-settings", str(REPOSITORIES)]
    command += ["-ivy", str(PINS), "-cache", str(cache), "-confs", *CONFIGURATIONS]
    command += ["-types", "jar", "bundle", "tar.gz"]
    with log.open("wb") as output, helper(command, output, pass_fds=[keep_open]) as process:
        while process.poll() is None:
            on_tick()
            time.sleep(POLL)
    if process.returncode != 0:
        raise _failure(log)


def artifacts(cache: Path, configuration: str) -> list[Path]:
    """The files that `resolve` found for a configuration, from the report that Ivy leaves in its cache."""
    report = ElementTree.parse(cache / f"avrogate-stack-{configuration}.xml")
    return [Path(one.get("location") or "") for one in report.iter("artifact")]


def _ivy_jar() -> Path:
    pyspark = find_spec("pyspark")  # not imported: that takes a second
    folder = Path(pyspark.origin).parent / "jars" if pyspark and pyspark.origin else Path()
    jars = sorted(folder.glob("ivy-*.jar"))
    if not jars:
        raise StackError("pyspark's Ivy is missing", hint="pip install --force-reinstall pyspark==4.0.0")
    return jars[0]


def _failure(log: Path) -> StackError:
    text = log.read_text(encoding="utf-8", errors="replace")
    for sign, (reason, advice) in CAUSES.items():
        if found := re.search(sign, text):
            detail = f" ({found[1]})" if found.groups() else ""
            return StackError(f"download failed: {reason}{detail}", hint=f"{advice}; log: {log}")
    return StackError("download failed", hint=f"log: {log}")
