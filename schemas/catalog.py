"""The catalog: which events travel on which topic, in which versions.

`catalog.yaml` says what cannot be seen from the schema files; the versions are found by walking the folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from avrogate.errors import CatalogError
from schemas.versions import SchemaVersion

SCHEMAS = Path(__file__).parent

Level = Literal["BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE"]
Retention = Annotated[str, StringConstraints(pattern=r"^([1-9]\d*d|compact)$")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"))


class Event(_Entry):
    """One event of a topic. `key` is the JSON name of the field that is the record's key."""

    key: str
    unknown_fields: Literal["refuse", "drop"] = "refuse"


class Topic(_Entry):
    """One topic: what it holds and how it is created."""

    about: str
    owner: str
    stage: str
    partitions: int = Field(ge=1)
    retention: Retention
    timestamps: Literal["producer", "broker"] = "producer"
    max_message_bytes: int | None = None
    types: tuple[str, ...] = ()
    events: dict[str, Event]

    def config(self) -> dict[str, str]:
        """The topic's configuration in Kafka's own names."""
        config = {
            "message.timestamp.type": "LogAppendTime" if self.timestamps == "broker" else "CreateTime",
            "cleanup.policy": "compact" if self.retention == "compact" else "delete",
        }
        if self.retention != "compact":
            config["retention.ms"] = str(int(self.retention.removesuffix("d")) * 86_400_000)
        if self.max_message_bytes:
            config["max.message.bytes"] = str(self.max_message_bytes)
        return config


class Catalog(_Entry):
    """The whole catalog, with the schema folder that it describes."""

    compatibility: Level
    topics: dict[str, Topic]
    folder: Path = Field(exclude=True)

    def suffixed(self, suffix: str) -> Catalog:
        """The same catalog with `-<suffix>` on each topic's name: several platforms on one cluster."""
        topics = {f"{name}-{suffix}": topic for name, topic in self.topics.items()}
        return Catalog.model_construct(compatibility=self.compatibility, topics=topics, folder=self.folder)

    def topic_of(self, stage: str, event: str) -> str:
        """Name of the topic that carries `event` in `stage`. Raises CatalogError if none does."""
        for name, topic in self.topics.items():
            if topic.stage == stage and event in (*topic.events, *topic.types):
                return name
        raise CatalogError(f"no topic in catalog.yaml carries {stage}/{event}")

    def stage_topic(self, stage: str) -> str:
        """Name of the first topic that carries a stage. Raises CatalogError if none does."""
        for name, topic in self.topics.items():
            if topic.stage == stage:
                return name
        raise CatalogError(f"no topic in catalog.yaml carries the stage {stage}")

    def event(self, topic: str, event: str) -> Event:
        """The entry of one event. Raises KeyError for a topic or event that is not there."""
        return self.topics[topic].events[event]

    @cached_property
    def versions(self) -> tuple[SchemaVersion, ...]:
        """Every version of every schema, references first, then in the catalog's order, oldest first."""
        return tuple(self._walk())

    def of(self, topic: str, event: str) -> tuple[SchemaVersion, ...]:
        """The versions of one event or type of a topic, oldest first."""
        return tuple(version for version in self.versions if (version.topic, version.event) == (topic, event))

    def newest(self, topic: str, event: str) -> SchemaVersion:
        """The newest version of one event of a topic."""
        return self.of(topic, event)[-1]

    def by_subject(self) -> dict[str, tuple[SchemaVersion, ...]]:
        """The versions of each subject, oldest first."""
        subjects: dict[str, list[SchemaVersion]] = {}
        for version in self.versions:
            subjects.setdefault(version.subject, []).append(version)
        return {subject: tuple(versions) for subject, versions in subjects.items()}

    def _walk(self) -> Iterator[SchemaVersion]:
        for name, topic in self.topics.items():
            for event in (*topic.types, *topic.events):
                yield from self._versions(name, topic.stage, event)

    def _versions(self, topic: str, stage: str, event: str) -> Iterator[SchemaVersion]:
        folder = self.folder / "json" / stage / event
        numbers = sorted(_number(file) for file in folder.glob("*.json"))
        if numbers != list(range(1, len(numbers) + 1)) or not numbers:
            raise CatalogError(f"{stage}/{event}: expected v1.json, v2.json, … without a gap, found {numbers}")
        for number in numbers:
            yield SchemaVersion(self.folder, topic, stage, event, number)


def load_catalog(folder: Path = SCHEMAS) -> Catalog:
    """Read `catalog.yaml` in `folder`, and check that it and the schema files agree.

    Raises CatalogError that names the entry and what is wrong with it.
    """
    try:
        content = yaml.safe_load((folder / "catalog.yaml").read_text(encoding="utf-8"))
        catalog = Catalog.model_validate({**content, "folder": folder})
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise CatalogError(f"catalog.yaml cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CatalogError(f"catalog.yaml: {place}: {first['msg']}") from error
    _check_folders(catalog)
    return catalog


@cache
def shipped_catalog() -> Catalog:
    """The catalog of this installation, read once."""
    return load_catalog()


def _check_folders(catalog: Catalog) -> None:
    """A schema that nothing carries would never be registered: say so."""
    listed = {(topic.stage, event) for topic in catalog.topics.values() for event in (*topic.types, *topic.events)}
    for folder in sorted((catalog.folder / "json").glob("*/*/")):
        if (folder.parent.name, folder.name) not in listed:
            raise CatalogError(f"schemas/json/{folder.parent.name}/{folder.name} is in no topic of catalog.yaml")


def _number(file: Path) -> int:
    match = re.fullmatch(r"v([1-9]\d*)\.json", file.name)
    if not match:
        raise CatalogError(f"{'/'.join(file.parts[-3:])}: a version is named v<N>.json")
    return int(match[1])
