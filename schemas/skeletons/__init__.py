"""The skeleton of a new event: all that it takes for events of this type to travel, but for its own fields.

JSON Schemas of both stages, the Avro schemas derived from them, examples, and a line under both topics of
`catalog.yaml`. The schema folder passes the check before and after.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from avrogate.errors import ConfigError
from schemas.catalog import Catalog, load_catalog
from schemas.derived import derive_all
from schemas.skeletons.catalog_lines import with_event
from schemas.skeletons.contents import (
    EXAMPLE_FIELD,
    USER_ID,
    enriched_schema,
    enum_name,
    examples,
    raw_schema,
    record_name,
)

__all__ = ["EXAMPLE_FIELD", "USER_ID", "new_event"]

# each word begins with a letter, so that no two names give one record
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
LONGEST = 100
STAGES = ("raw", "enriched")
# the other columns of a decoded record, beside one for each event
COLUMNS = {"event", "time", "partition", "offset", "timestamp"}


def new_event(folder: Path, event: str, key: str = USER_ID) -> list[Path]:
    """Write the skeleton of `event` into a schema folder; the files made, then `catalog.yaml`, which is edited.

    `key` is the field of the user, the record's key: one that another raw event has as well.
    Raises ConfigError for a name, key or folder that cannot be; then nothing is there that was not before.
    """
    folder = folder.resolve()
    if {"site-packages", "dist-packages"} & set(folder.parts):
        raise ConfigError(
            f"{folder} belongs to the installed package: the next installation would remove the event",
            "name the schema folder of your clone with --folder",
        )
    catalog = load_catalog(folder)
    topics = [catalog.stage_topic(stage) for stage in STAGES]
    _check_name(catalog, event)
    keys = {entry.key for entry in catalog.topics[topics[0]].events.values()}
    if key not in keys:
        raise ConfigError(
            f"no event of {topics[0]} has the key {key!r}",
            f"--key names the user's field: {' or '.join(sorted(keys))}",
        )
    try:
        old = (folder / "catalog.yaml").read_bytes().decode()
        files = _files(catalog, topics, event, key)
        return _write(folder, files, with_event(old, topics, event, key))
    except OSError as error:
        raise ConfigError(
            f"{error.filename or folder} cannot be written: {error.strerror}", "nothing was left there"
        ) from error


def _check_name(catalog: Catalog, event: str) -> None:
    if not NAME.fullmatch(event) or len(event) > LONGEST:
        raise ConfigError(
            f"{event!r} is no name for an event",
            f"lower-case words with hyphens, each beginning with a letter, {LONGEST} characters at most: match-chat",
        )
    for topic in catalog.topics.values():
        if event in (*topic.events, *topic.types):
            raise ConfigError(
                f"there is a {topic.stage}/{event} already", "a changed event is a new version: v2.json"
            )
    for part in ("json", "avro", "examples"):
        for stage in STAGES:
            if (catalog.folder / part / stage / event).exists():
                raise ConfigError(f"{part}/{stage}/{event} is there already, without an entry in catalog.yaml")
    taken = dict.fromkeys(COLUMNS, "a column of all events") | dict(_names(catalog))
    for name in (record_name(event), enum_name(event)):
        if name.casefold() in taken:
            raise ConfigError(
                f"{event!r} cannot be: its Avro name {name} is taken by {taken[name.casefold()]}",
                "choose another; names that differ in case only are one to Spark",
            )


def _names(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Every record and enum of both stages in lower case, and whose it is."""
    for version in catalog.versions:
        if version.stage in STAGES:
            yield from ((name.casefold(), str(version)) for name in _defined(version.avro))


def _defined(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") in ("record", "enum"):
            yield node["name"]
        for value in node.values():
            yield from _defined(value)
    elif isinstance(node, list):
        for item in node:
            yield from _defined(item)


def _files(catalog: Catalog, topics: list[str], event: str, key: str) -> dict[Path, str]:
    """Each new file's text, by its path in the folder. Avro is derived aside: the folder is not touched yet."""
    files = {}
    for stage, topic, make in zip(STAGES, topics, (raw_schema, enriched_schema), strict=True):
        neighbour = catalog.newest(topic, next(iter(catalog.topics[topic].events)))
        files[Path("json", stage, event, "v1.json")] = _text(make(event, key, neighbour.avro["namespace"]))
    with TemporaryDirectory() as aside:
        _write_all(Path(aside), files, [])
        for derived in derive_all(Path(aside)):
            files[derived.avro_file.relative_to(aside)] = derived.text
    return files | {Path("examples", name): _text(content) for name, content in examples(event, key).items()}


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _write(folder: Path, files: Mapping[Path, str], catalog: str) -> list[Path]:
    """Write the files, and the catalog last and at once; on any error take back what was written."""
    made: list[Path] = []
    file = folder / "catalog.yaml"
    aside = Path(".catalog.yaml.new")
    try:
        _write_all(folder, files, made)
        _write_all(folder, {aside: catalog}, made)
        shutil.copymode(file, folder / aside)
        (folder / aside).replace(file.resolve())
    except BaseException:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        raise
    return [*(folder / name for name in files), file]


def _write_all(folder: Path, files: Mapping[Path, str], made: list[Path]) -> None:
    """Write new files and the folders that they need; each that was made is added to `made`."""
    for name, text in files.items():
        file = folder / name
        for parent in reversed(file.parents):
            if not parent.exists():
                parent.mkdir()
                made.append(parent)
        with file.open("x", encoding="utf-8", newline="") as out:
            made.append(file)
            out.write(text)
