"""What registration would do: asked of the registry, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from avrogate.errors import CatalogError
from schemas.catalog import Catalog
from schemas.foreseen import foreseen
from schemas.registry import Registered, Registry, refusal
from schemas.versions import SchemaVersion


@dataclass(frozen=True)
class LevelStep:
    """A subject's compatibility level is to be set. `before` is None if it has none of its own."""

    subject: str
    before: str | None
    level: str


@dataclass(frozen=True)
class VersionStep:
    """One version: `found` if the registry has it, else it is to be registered, and `number` is to be expected.

    `refusal` says why the registry would not take it. `reason_missing` means that the registry refuses, and tells
    its reason only to who tries.
    """

    version: SchemaVersion
    number: int
    found: Registered | None = None
    refusal: str | None = None
    reason_missing: bool = False


@dataclass(frozen=True)
class Plan:
    """The steps in the order in which they are done: levels before versions, references first, oldest first."""

    steps: tuple[LevelStep | VersionStep, ...]

    @property
    def versions(self) -> tuple[VersionStep, ...]:
        """The steps of versions, whatever becomes of them."""
        return tuple(step for step in self.steps if isinstance(step, VersionStep))

    @property
    def refused(self) -> tuple[VersionStep, ...]:
        """The versions that the registry would not take."""
        return tuple(step for step in self.versions if step.refusal)

    @property
    def unchanged(self) -> int:
        """How many versions the registry has already."""
        return sum(step.found is not None for step in self.versions)


def make_plan(catalog: Catalog, registry: Registry) -> Plan:
    """Ask the registry about every subject and version of the catalog; nothing is written.

    Where a subject's level is to change, or a reference is to be registered first, the registry cannot be asked
    yet: then the version is held here to every version that the registry has, by the same rules.

    Raises CatalogError if a raw version lacks its enriched twin or a file is missing (before anything is asked),
    RegistryUnavailable, ConfigError.
    """
    check_twins(catalog)
    for version in catalog.versions:
        version.avro  # noqa: B018  # a missing file is found before anything is asked
    registry.subjects()  # an address without a registry answers 404, "there is no such schema", to the rest
    return Plan(tuple(_steps(catalog, registry)))


def check_twins(catalog: Catalog) -> None:
    """Every version of a raw event needs the enriched version that the processor turns it into.

    Raises CatalogError that names the missing one.
    """
    stages = {
        stage: {(v.event, v.number) for v in catalog.versions if v.stage == stage} for stage in ("raw", "enriched")
    }
    for event, number in sorted(stages["raw"] - stages["enriched"]):
        raise CatalogError(
            f"raw/{event}/v{number} has no enriched/{event}/v{number}: the processor could not pass such events on"
        )


def _steps(catalog: Catalog, registry: Registry) -> Iterator[LevelStep | VersionStep]:
    for subject, versions in catalog.by_subject().items():
        before = registry.compatibility(subject)
        stays = before == catalog.compatibility
        if not stays:
            yield LevelStep(subject, before, catalog.compatibility)
        yield from _versions(registry, versions, None if stays else catalog.compatibility, catalog.compatibility)


def _versions(
    registry: Registry, versions: tuple[SchemaVersion, ...], coming: str | None, level: str
) -> Iterator[VersionStep]:
    """`coming` is the level that the subject is to get first, None if it has it."""
    found = {version: registry.lookup(version) for version in versions}
    numbers = registry.versions(versions[0].subject) if None in found.values() else []
    following = max(numbers, default=0)
    for version, registered in found.items():
        if registered:
            yield VersionStep(version, registered.version, registered)
            continue
        following += 1
        if not numbers:  # the subject begins: there is nothing to be incompatible with
            yield VersionStep(version, following)
        elif coming or any(registry.lookup(reference.version) is None for reference in version.references):
            yield VersionStep(version, following, refusal=foreseen(registry, version, numbers, level))
        else:
            yield _asked(registry, version, following, numbers, level)


def _asked(registry: Registry, version: SchemaVersion, number: int, numbers: list[int], level: str) -> VersionStep:
    reason = registry.objection(version)
    if reason is None:
        return VersionStep(version, number)
    if reason:
        return VersionStep(version, number, refusal=refusal(version, "incompatible", reason))
    ours = foreseen(registry, version, numbers, level)
    said = refusal(version, "incompatible", "")
    return VersionStep(
        version, number, None, f"{said}; worked out here: {ours}" if ours else said, reason_missing=True
    )
