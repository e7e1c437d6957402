"""Registration: the one place from which schemas get into a registry. Also `python -m schemas.register`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from avrogate.errors import CatalogError, IncompatibleSchema
from schemas.catalog import Catalog
from schemas.registry import Registry
from schemas.versions import SchemaVersion

Outcome = Literal["new", "unchanged", "would be new"]


@dataclass(frozen=True)
class Registration:
    """What became of one version. In a dry run a new one has no version and id yet."""

    subject: str
    source: str
    version: int | None
    schema_id: int | None
    outcome: Outcome


def register_all(catalog: Catalog, registry: Registry, *, dry_run: bool = False) -> Iterator[Registration]:
    """Register every version of the catalog: references first, oldest version first; yield each outcome.

    Sets the catalog's compatibility level on each subject first. Idempotent: what is there already stays, with
    its id. With `dry_run` nothing is written.

    Raises CatalogError if a raw version lacks its enriched twin or a file is missing (before anything is
    written), IncompatibleSchema with the registry's reason, RegistryUnavailable.
    """
    check_twins(catalog)
    for version in catalog.versions:
        version.avro  # noqa: B018  # a missing file is found before anything is written
    registry.subjects()  # an address without a registry answers 404, "there is no such schema", to a dry run
    for subject, versions in catalog.by_subject().items():
        if not dry_run and registry.compatibility(subject) != catalog.compatibility:
            registry.set_compatibility(subject, catalog.compatibility)
        for version in versions:
            yield _plan(registry, version) if dry_run else _register(registry, version)


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


def _register(registry: Registry, version: SchemaVersion) -> Registration:
    before = registry.lookup(version)
    after = before or registry.register(version)
    outcome: Outcome = "unchanged" if before else "new"
    return Registration(version.subject, str(version), after.version, after.schema_id, outcome)


def _plan(registry: Registry, version: SchemaVersion) -> Registration:
    found = registry.lookup(version)
    if found:
        return Registration(version.subject, str(version), found.version, found.schema_id, "unchanged")
    if not registry.accepts(version):
        raise IncompatibleSchema(
            f"{version}: incompatible with what subject {version.subject} has, says the registry"
        )
    return Registration(version.subject, str(version), None, None, "would be new")


if __name__ == "__main__":
    import sys

    from avrogate.cli import main

    main(["schemas", "register", *sys.argv[1:]])
