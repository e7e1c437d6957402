"""The compatibility check on anyone's `.avsc` files: no catalog, no registry, only git.

A file named `v<N>.avsc` or `<name>-v<N>.avsc` is one version; its siblings are the others.
Any other file is the newest version of itself; the earlier ones are what git has of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avrogate.errors import ConfigError
from schemas.compatibility import Finding, InvalidAvro, Problem, compare, invalid, normalize
from schemas.git import Repository, repository_of
from schemas.reports import CheckReport

_NUMBERED = re.compile(r"(?:(?P<name>.*)[-_.])?v(?P<number>\d+)")
_BACK = "put it back, and make a new version beside it"


@dataclass(frozen=True)
class Version:
    """One version of a subject: what it is called, and its text."""

    label: str
    text: bytes

    def schema(self) -> Any:
        """The schema as JSON. Raises InvalidAvro if it is none."""
        try:
            schema = json.loads(self.text.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise InvalidAvro(f"this is no JSON: {error}", "") from error
        normalize(schema, external=True)
        return schema


def check_avsc_folder(folder: Path, level: str, against: str | None = None) -> CheckReport:
    """Check every `.avsc` file below `folder` with its earlier versions, at a registry's `level`.

    With `against`, a git revision, a file without a number is compared with what that revision has of it, and
    not with older ones; numbered files of the revision must be as they were; none may be gone.
    Raises ConfigError if there are no such files, or git is needed and is not there.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder")
    files = [file for file in sorted(folder.resolve().rglob("*.avsc")) if not _hidden(file, folder.resolve())]
    repository = repository_of(folder)
    if repository is None and against:
        raise ConfigError(f"{folder} is in no git repository", "leave --against out, or check a clone")
    before = _released(repository, folder.resolve(), against) if repository and against else {}
    if not files and not before:
        raise ConfigError(f"there is no .avsc file below {folder}")
    subjects = _subjects(folder.resolve(), files, repository, before, against)
    findings = [one for name, versions in subjects.items() for one in _check(name, *versions, level)]
    findings += _gone_or_edited(folder.resolve(), before, against or "")
    total = sum(len(versions[0]) for versions in subjects.values())
    what = f"{len(subjects)} subjects in {total} versions at {level}"
    return CheckReport(what, tuple(subjects), tuple(findings))


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") or part == "node_modules" for part in file.relative_to(folder).parts)


def _released(repository: Repository, folder: Path, revision: str) -> dict[Path, bytes]:
    repository.check_revision(revision)
    if not repository.has(revision, folder):
        return {}
    return repository.files(revision, folder, ".avsc")


def _subjects(
    folder: Path, files: list[Path], repository: Repository | None, before: dict[Path, bytes], against: str | None
) -> dict[str, tuple[list[Version], bool]]:
    """Of each subject its versions, oldest first, and whether each of them counts (else the last one alone)."""
    subjects: dict[str, tuple[list[Version], bool]] = {}
    for file in sorted(files, key=lambda one: (one.parent, _number(one))):
        inside = file.relative_to(folder)
        match = _NUMBERED.fullmatch(file.stem)
        if match:
            name = (inside.parent / (match["name"] or "")).as_posix()
            subjects.setdefault(name, ([], True))[0].append(Version(f"v{match['number']}", file.read_bytes()))
        elif against:
            old = [Version(against, before[inside])] if inside in before else []
            subjects[inside.as_posix()] = _with_tree(old, file), False
        elif repository:
            subjects[inside.as_posix()] = _with_tree([Version(*one) for one in repository.history(file)], file), False
        else:
            raise ConfigError(
                f"{inside} has no earlier versions: it is in no git repository",
                "check a clone, or name versions v1.avsc, v2.avsc",
            )
    return subjects


def _number(file: Path) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(file.stem)
    return (match["name"] or "", int(match["number"])) if match else (file.stem, 0)


def _with_tree(committed: list[Version], file: Path) -> list[Version]:
    now = Version("working tree", file.read_bytes())
    return committed if committed and committed[-1].text == now.text else [*committed, now]


def _check(subject: str, versions: list[Version], every: bool, level: str) -> Iterator[Finding]:
    """Each version (or only the last) with the earlier ones; one finding for one thing, of the latest pair."""
    read: list[tuple[str, Any]] = []
    for version in versions:
        reported = every or version is versions[-1]
        try:
            schema = version.schema()
        except InvalidAvro as error:  # an old one that is none was never written with
            if reported:
                yield Finding.of(subject, "", version.label, invalid(error.message, error.pointer))
            continue
        if reported:
            earlier = read if level.endswith("_TRANSITIVE") else read[-1:]
            found: dict[Problem, str] = {}
            for label, older in earlier:
                found |= dict.fromkeys(compare(older, schema, level, external=True), label)
            yield from (Finding.of(subject, label, version.label, problem) for problem, label in found.items())
        read.append((version.label, schema))


def _gone_or_edited(folder: Path, before: dict[Path, bytes], revision: str) -> Iterator[Finding]:
    for inside, text in before.items():
        file = folder / inside
        what = "deleted" if not file.exists() else "changed" if file.read_bytes() != text else ""
        if what == "deleted" or (what and _NUMBERED.fullmatch(inside.stem)):
            message = f"the file is released in {revision} and was {what}: readers and data rely on it"
            yield Finding(inside.as_posix(), "", inside.stem, f"released-version-{what}", "", message, _BACK)
