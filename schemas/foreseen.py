"""What a registry will say to a version, worked out here where it cannot be asked yet."""

from __future__ import annotations

from collections.abc import Iterator

from avrogate.errors import ContractError
from schemas.compatibility import normalize
from schemas.compatibility.avro import Avro
from schemas.compatibility.resolution import obstacles
from schemas.decoder import written_out
from schemas.registry import Registry
from schemas.versions import SchemaVersion


def foreseen(registry: Registry, version: SchemaVersion, numbers: list[int], level: str) -> str | None:
    """Why a version may not stand beside those of the numbers `numbers` at a compatibility level; None if it may.

    By the Avro specification's rules, which are a registry's: what `schemas check` refuses beyond them is its
    business. Raises RegistryUnavailable, ConfigError.
    """
    newer = normalize(version.resolved)
    for number in numbers:
        found = registry.version_text(version.subject, number)
        if found is None:
            continue
        beside = f"version {number} of subject {version.subject}"
        try:
            older = normalize(written_out(registry, found))
        except (ContractError, ValueError) as error:
            return f"{version}: {beside} cannot be read: {error}"
        for why in _obstacles(older, newer, number, level.removesuffix("_TRANSITIVE")):
            return f"{version}: incompatible at {level} with {beside}: {why}"
    return None


def _obstacles(older: Avro, newer: Avro, number: int, level: str) -> Iterator[str]:
    if level in ("BACKWARD", "FULL"):
        for one in obstacles(newer, older):
            yield f"it cannot read what version {number} wrote: {one.message}"
    if level in ("FORWARD", "FULL"):
        for one in obstacles(older, newer):
            yield f"version {number} cannot read what it writes: {one.message}"
