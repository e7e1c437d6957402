"""Where a registry and the repository say different things."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.catalog import Catalog
from schemas.names import is_full_name
from schemas.registry import Registry
from schemas.versions import SchemaVersion

Kind = Literal["missing", "extra", "different", "level"]


@dataclass(frozen=True)
class Drift:
    """One difference, in one subject. `version` is the registry's number, if it is about one.

    missing     the repository has it, the registry does not
    extra       the registry has it, the repository does not
    different   both have a version of this number, with another text or other references
    level       the subject's compatibility level is not the catalog's
    """

    kind: Kind
    subject: str
    message: str
    version: int | None = None


def drift(catalog: Catalog, registry: Registry) -> Iterator[Drift]:
    """Every difference between the catalog's schemas and the registry's; nothing is changed.

    Subjects of topics that the catalog does not have are nobody's business here.
    Raises RegistryUnavailable, ConfigError.
    """
    present = set(registry.subjects())
    ours = catalog.by_subject()
    for subject, versions in ours.items():
        if subject not in present:
            yield Drift("missing", subject, f"the registry has none of its {len(versions)} versions")
            continue
        yield from _level(catalog, registry, subject)
        yield from _versions(registry, subject, versions)
    for subject in sorted(present - set(ours)):
        if any(_belongs(subject, topic) for topic in catalog.topics):
            yield Drift("extra", subject, "the repository has no such subject")


def _belongs(subject: str, topic: str) -> bool:
    """Whether a subject is of this topic, and not of another whose name only begins alike."""
    return subject.startswith(f"{topic}-") and is_full_name(subject.removeprefix(f"{topic}-"))


def _level(catalog: Catalog, registry: Registry, subject: str) -> Iterator[Drift]:
    level = registry.compatibility(subject)
    if level != catalog.compatibility:
        found = level or "the registry's default"
        yield Drift("level", subject, f"compatibility is {found}, the catalog says {catalog.compatibility}")


def _versions(registry: Registry, subject: str, versions: tuple[SchemaVersion, ...]) -> Iterator[Drift]:
    found = {version: registry.lookup(version) for version in versions}
    matched = {one.version for one in found.values() if one is not None}
    foreign = [number for number in registry.versions(subject) if number not in matched]
    for version, registered in found.items():
        if registered is None and version.number in foreign:
            foreign.remove(version.number)
            yield Drift("different", subject, _difference(registry, version), version.number)
        elif registered is None:
            yield Drift("missing", subject, f"{version} is not registered")
    for number in foreign:
        yield Drift("extra", subject, f"version {number} is not in the repository", number)


def _difference(registry: Registry, version: SchemaVersion) -> str:
    """How the registry's version of this number differs: in its text, or only in what it refers to."""
    found = registry.version_text(version.subject, version.number)
    if found is None or not _same(found.text, version):
        return f"version {version.number} is another text than {version}"
    theirs = _named((one.name, f"version {one.version} of {one.subject}") for one in found.references)
    ours = _named((one.name, _meant(registry, one.version)) for one in version.references)
    return f"version {version.number} is the text of {version} with other references: {theirs}, here {ours}"


def _same(text: str, version: SchemaVersion) -> bool:
    try:
        return bool(json.loads(text) == version.avro)
    except ValueError:
        return False


def _meant(registry: Registry, version: SchemaVersion) -> str:
    registered = registry.lookup(version)
    number = f"version {registered.version}" if registered else f"{version}, not registered,"
    return f"{number} of {version.subject}"


def _named(references: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{name} is {meaning}" for name, meaning in references) or "none"
