"""When to believe a registry that says it has no such schema id."""

from __future__ import annotations

import json

from avrogate.errors import RegistryUnavailable
from schemas.registry import Registry
from schemas.versions import SchemaVersion


def require_kept(registry: Registry, schema_id: int, version: SchemaVersion) -> None:
    """Believe "no such id" only from a registry that still has `version` under the id that it had.

    Raises RegistryUnavailable from one that does not: it lost its store, and knows nothing of other ids either.
    """
    text = registry.text_now(schema_id)
    if text is None or json.loads(text.text) != version.avro:
        raise RegistryUnavailable(
            f"registry at {registry.url} no longer has {version} under id {schema_id}",
            hint="it lost its store: restore it, or stop what reads the topics before registering anew",
        )
