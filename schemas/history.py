"""Every version of every subject against all earlier ones, and against what was released. No registry is asked.

What a git revision has counts as released: its versions stay as they are, and so do keys and partitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from avrogate.errors import AvrogateError, ConfigError
from schemas.catalog import Catalog
from schemas.catalog_changes import catalog_changes
from schemas.compatibility import Finding, compare, invalid
from schemas.git import Repository, repository_of
from schemas.versions import SchemaVersion

NEW_VERSION = "put it back (`git checkout {revision} -- {file}`) and make a new version beside it"


def check_history(catalog: Catalog, against: str | None = None) -> list[Finding]:
    """Compare each version of a subject with all earlier ones, at the catalog's level.

    With `against`, a git revision, also what that revision has with what is there now. Raises ConfigError if
    there is no such revision, or the schema folder is in no repository.
    """
    findings: list[Finding] = []
    for versions in _events(catalog):
        findings += _versions(versions, catalog.compatibility)
    if against:
        findings += released(catalog, against)
    return sorted(set(findings))


def _events(catalog: Catalog) -> Iterator[tuple[SchemaVersion, ...]]:
    """The versions of each event: a version under another name is still one of its event."""
    for name, topic in catalog.topics.items():
        for event in (*topic.types, *topic.events):
            yield catalog.of(name, event)


def _versions(versions: tuple[SchemaVersion, ...], level: str) -> Iterator[Finding]:
    read: list[tuple[SchemaVersion, str, dict[str, Any]]] = []
    for newer in versions:
        try:
            subject, schema = newer.subject, newer.resolved
        except (AvrogateError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            problem = invalid(f"the Avro schema cannot be read: {str(error) or type(error).__name__}")
            yield Finding.of(str(newer), "", f"v{newer.number}", problem)
            continue
        for older, old_subject, before in read:
            for problem in compare(before, schema, level):
                yield Finding.of(old_subject, f"v{older.number}", f"v{newer.number}", problem)
        read.append((newer, subject, schema))


def released(catalog: Catalog, revision: str) -> Iterator[Finding]:
    """What a revision has and is not the same now: versions, their Avro schemas, and what the catalog promises."""
    repository = repository_of(catalog.folder)
    if repository is None:
        raise ConfigError(f"{catalog.folder} is in no git repository", "leave --against out, or check a clone")
    repository.check_revision(revision)
    if not repository.has(revision, catalog.folder):
        return
    yield from _immutable(catalog.folder, _files(repository, catalog.folder, revision), revision)
    if repository.has(revision, catalog.folder / "catalog.yaml"):
        yield from catalog_changes(catalog, repository.show(revision, catalog.folder / "catalog.yaml"), revision)


def _files(repository: Repository, folder: Path, revision: str) -> dict[Path, bytes]:
    """JSON and Avro schemas of a revision, by their path in the schema folder."""
    parts = [part for part in (Path("json"), Path("avro")) if repository.has(revision, folder / part)]
    return {
        part / name: text
        for part in parts
        for name, text in repository.files(revision, folder / part, ".json", ".avsc").items()
    }


def _immutable(folder: Path, files: Mapping[Path, bytes], revision: str) -> Iterator[Finding]:
    """One finding a version: its JSON Schema is what was changed, if both are not what they were."""
    told: set[Path] = set()
    for name in sorted(files, key=lambda one: (one.parts[0] != "json", one)):
        version = Path(*name.parts[1:]).with_suffix("")
        now = (folder / name).read_bytes() if (folder / name).is_file() else None
        if now == files[name] or version in told:
            continue
        told.add(version)
        what = "deleted" if now is None else "changed"
        message = f"{name.as_posix()} is released in {revision} and was {what}: readers and data rely on it"
        advice = NEW_VERSION.format(revision=revision, file=name.as_posix())
        yield Finding(version.parent.as_posix(), "", version.name, f"released-version-{what}", "", message, advice)
