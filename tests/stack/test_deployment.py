"""Registration as deployment, by the command line on the real registry: check, plan, register, diff."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid

import pytest

from conftest import environment
from schemas.catalog import SCHEMAS, load_catalog
from schemas.derived import derive_all
from schemas.registry import Registry

pytestmark = pytest.mark.stack


@pytest.fixture
def ours(tmp_path):
    """A schema folder whose topics, and so subjects, no other test has."""
    folder = tmp_path / "ours"
    shutil.copytree(SCHEMAS, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    lines = (folder / "catalog.yaml").read_text(encoding="utf-8")
    for topic in load_catalog(folder).topics:
        lines = lines.replace(f"\n  {topic}:\n", f"\n  {topic}-{uuid.uuid4().hex[:6]}:\n")
    (folder / "catalog.yaml").write_text(lines, encoding="utf-8")
    return folder


def second_version(folder, kind):
    """Version 2 of init in both stages, with one optional field more."""
    for stage in ("raw", "enriched"):
        first = folder / "json" / stage / "init" / "v1.json"
        schema = json.loads(first.read_text(encoding="utf-8"))
        schema["properties"]["app-version"] = {"type": kind}
        first.with_name("v2.json").write_text(json.dumps(schema), encoding="utf-8")
    for file in derive_all(folder):
        if file.state != "unchanged":
            file.write()
    return load_catalog(folder)


def test_plan_register_and_again(stack, called, ours):
    catalog = load_catalog(ours)
    subjects, versions = set(catalog.by_subject()), len(catalog.versions)
    firsts = sum(version.number == 1 for version in catalog.versions)
    assert firsts == len(subjects) < versions, "some subject has a second version"
    plan = called(stack, "schemas", "register", "--plan", "--folder", str(ours))
    assert plan.returncode == 0, plan.stderr
    assert plan.stdout.count("new version 1") == firsts
    assert plan.stdout.count("new version 2") == versions - firsts
    assert plan.stdout.count("→ FULL_TRANSITIVE") == len(subjects)
    assert "new version 1, after raw/post-match-info/v1" in plan.stdout
    assert f"{versions} would be new, 0 unchanged, at " in plan.stdout
    assert not subjects & set(Registry(stack).subjects()), "a plan writes nothing"

    command = [sys.executable, "-m", "schemas.register", "--folder", str(ours)]
    done = subprocess.run(command, env=environment(stack), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("new: version 1, id ") == firsts
    assert done.stdout.count("new: version 2, id ") == versions - firsts
    assert f"{versions} new, 0 unchanged, at " in done.stdout

    again = called(stack, "schemas", "register", "--folder", str(ours))
    assert again.stdout.count("unchanged, id ") == versions
    assert "Changed" not in again.stdout
    assert f"0 new, {versions} unchanged, at " in again.stdout
    agree = called(stack, "schemas", "diff", "--format", "json", "--folder", str(ours))
    assert (agree.returncode, json.loads(agree.stdout)) == (0, [])


def test_what_only_the_registry_knows_is_refused_with_its_own_reason(stack, called, ours, tmp_path):
    """Version 2 is fine beside version 1, and not beside the version that somebody else registered."""
    first = called(stack, "schemas", "register", "--folder", str(ours))
    assert first.returncode == 0, first.stderr
    theirs = tmp_path / "theirs"
    shutil.copytree(ours, theirs)
    other = second_version(theirs, "string")
    topic = next(name for name in other.topics if name.startswith("events-raw"))
    registry = Registry(stack)
    foreign = registry.register(other.newest(topic, "init"))
    assert foreign.version == 2
    registry.set_compatibility(other.newest(topic, "match").subject, "BACKWARD")
    second_version(ours, "integer")

    named = f"avrogate: raw/init/v2: incompatible, says the registry for subject {foreign.subject}"
    plan = called(stack, "schemas", "register", "--plan", "--folder", str(ours))
    assert plan.returncode == 1
    assert plan.stdout.count("refused") == 1
    assert "BACKWARD → FULL_TRANSITIVE" in plan.stdout
    assert plan.stderr.startswith(named), plan.stderr
    assert "version 2 wrote" in plan.stderr.splitlines()[0], "Apicurio says why only to who registers"
    assert len(plan.stderr.splitlines()) == 2

    done = called(stack, "schemas", "register", "--folder", str(ours))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{named}: "), done.stderr
    reason = done.stderr.partition(f"{named}: ")[2]
    assert "Incompatible artifact" in reason, "Apicurio's own words"
    assert "a released version is never changed" in reason.splitlines()[1]
    assert Registry(stack).versions(foreign.subject) == [1, 2]

    drifted = called(stack, "schemas", "diff", "--format", "json", "--folder", str(ours))
    assert drifted.returncode == 1
    assert drifted.stderr.startswith("avrogate: 3 differences")
    found = {(one["kind"], one["subject"].rpartition(".")[2], one["version"]) for one in json.loads(drifted.stdout)}
    assert found == {("different", "Init", 2), ("level", "Match", None), ("missing", "Init", None)}
