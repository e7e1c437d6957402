"""A schema registry in memory, with the same public methods as `schemas.registry.Registry`.

`tests/behaviour/test_registry.py` holds both to the same behaviour. Tests get it as the fixture `memory_registry`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from avrogate.errors import ConfigError, IncompatibleSchema, RegistryUnavailable, SchemaNotRegistered
from schemas.registry import Registered, RegisteredText, RegistryReference
from schemas.versions import SchemaVersion

# the reason why a text may not follow the earlier ones at a level, or None
Verdict = Callable[[str, Sequence[str], str], str | None]
DEFAULT_LEVEL = "BACKWARD"


def common_fields(level: str, earlier: Sequence[str], text: str) -> str | None:
    """A rough verdict, whatever the level: fields keep their type, and come and go with a default only."""
    new = {one["name"]: one for one in json.loads(text)["fields"]}
    for number, before in enumerate(earlier, start=1):
        old = {one["name"]: one for one in json.loads(before)["fields"]}
        for name in sorted(old.keys() | new.keys()):
            found = [side[name] for side in (old, new) if name in side]
            if len(found) == 1 and "default" not in found[0]:
                return f"{level}: field {name} of version {number} or the new one has no default"
            if len(found) == 2 and found[0]["type"] != found[1]["type"]:
                return f"{level}: field {name} has another type in version {number}"
    return None


@dataclass
class MemoryRegistry:
    """Ids are global, one for each content; versions count within a subject.

    `fault` makes every question fail: `down` (no answer), `nowhere` (no registry at this address), `credentials`.
    """

    url: str = "http://registry.invalid"
    verdict: Verdict = common_fields
    fault: str | None = None
    tells_reasons: bool = True
    asked: int = 0
    _contents: list[RegisteredText] = field(default_factory=list)
    _subjects: dict[str, list[int]] = field(default_factory=dict)
    _levels: dict[str, str] = field(default_factory=dict)

    def lookup(self, version: SchemaVersion) -> Registered | None:
        """The registration of exactly this text with these references, or None."""
        self._ask()
        content = self._content(version)
        if content is None or content not in self._contents:
            return None
        schema_id = self._contents.index(content) + 1
        ids = self._subjects.get(version.subject, [])
        return Registered(version.subject, ids.index(schema_id) + 1, schema_id) if schema_id in ids else None

    def id_of(self, version: SchemaVersion) -> int:
        """The id of a schema that must be there."""
        found = self.lookup(version)
        if found is None:
            raise SchemaNotRegistered(f"{version} is not registered: subject {version.subject} does not have it")
        return found.schema_id

    def register(self, version: SchemaVersion) -> Registered:
        """Register a version, or find it registered."""
        self._ask()
        content = self._content(version)
        if content is None:
            raise IncompatibleSchema(f"{version}: a schema that it refers to is not registered")
        found = self.lookup(version)
        if found is not None:
            return found
        reason = self._reason(version)
        if reason is not None:
            raise IncompatibleSchema(
                f"{version}: incompatible, says the registry for subject {version.subject}: {reason}"
            )
        if content not in self._contents:
            self._contents.append(content)
        ids = self._subjects.setdefault(version.subject, [])
        ids.append(self._contents.index(content) + 1)
        return Registered(version.subject, len(ids), ids[-1])

    def objection(self, version: SchemaVersion) -> str | None:
        """Why this version would be refused, or None; one whose references are not there yet cannot be asked for.

        `tells_reasons` is whether it says why before it is asked to register.
        """
        self._ask()
        reason = self._reason(version) if self._content(version) else None
        return reason if self.tells_reasons or reason is None else ""

    def text(self, schema_id: int) -> RegisteredText | None:
        """The schema behind an id, or None."""
        self._ask()
        return self._contents[schema_id - 1] if 0 < schema_id <= len(self._contents) else None

    def text_now(self, schema_id: int) -> RegisteredText | None:
        """The same; nothing is cached here."""
        return self.text(schema_id)

    def version_text(self, subject: str, version: int) -> RegisteredText | None:
        """The text of one version of a subject, or None."""
        self._ask()
        ids = self._subjects.get(subject, [])
        return self.text(ids[version - 1]) if 0 < version <= len(ids) else None

    def subjects(self) -> list[str]:
        """Every subject, sorted."""
        self._ask()
        return sorted(self._subjects)

    def versions(self, subject: str) -> list[int]:
        """The version numbers of a subject."""
        self._ask()
        return [*range(1, len(self._subjects.get(subject, [])) + 1)]

    def ids(self, subject: str) -> list[int]:
        """The schema id of each version of a subject, oldest first."""
        self._ask()
        return list(self._subjects.get(subject, []))

    def compatibility(self, subject: str) -> str | None:
        """The subject's own compatibility level, or None."""
        self._ask()
        return self._levels.get(subject)

    def set_compatibility(self, subject: str, level: str) -> None:
        """Set the subject's own compatibility level."""
        self._ask()
        self._levels[subject] = level

    def _ask(self) -> None:
        self.asked += 1
        if self.fault == "down":
            raise RegistryUnavailable(f"registry unreachable at {self.url} (it is told to be down)")
        if self.fault is not None:
            raise ConfigError(f"no registry with Confluent's API at {self.url} ({self.fault})")

    def _reason(self, version: SchemaVersion) -> str | None:
        earlier = [self._contents[number - 1].text for number in self._subjects.get(version.subject, [])]
        return self.verdict(self._levels.get(version.subject, DEFAULT_LEVEL), earlier, version.text)

    def _content(self, version: SchemaVersion) -> RegisteredText | None:
        references = []
        for reference in version.references:
            found = self.lookup(reference.version)
            if found is None:
                return None
            references.append(RegistryReference(reference.name, found.subject, found.version))
        return RegisteredText(version.text, tuple(references))
