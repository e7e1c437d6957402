"""The golden records: what lies in this folder, and whether all of it is still there.

One file for each schema version, `<stage>/<event>/v<N>.jsonl`, one record a line:
name    what is extreme about it
value   what it says, in the notation of `notation.py`
bytes   the same in Avro binary, in hexadecimal, as Java Avro wrote it

`digests.json` holds the number of records and the digest of each file, so that no record can go unseen.
Written by `write.py`; bytes that were released never change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import combining

from schemas.catalog import load_catalog
from schemas.versions import SchemaVersion

HERE = Path(__file__).parent
DIGESTS = "digests.json"


@dataclass(frozen=True)
class Golden:
    """One golden record. `body` is empty as long as Java has not written it."""

    name: str
    value: dict[str, Any]
    body: bytes = b""

    def line(self) -> str:
        """The record as it stands in its file; what a person could not see is escaped."""
        content = {"name": self.name, "value": self.value, "bytes": self.body.hex()}
        text = json.dumps(content, ensure_ascii=False)
        return "".join(one if one.isprintable() and not combining(one) else json.dumps(one)[1:-1] for one in text)


@cache
def corpus() -> dict[str, tuple[Golden, ...]]:
    """The golden records of each version of the catalog, as `{"raw/init/v1": (…), …}`; none without a file."""
    return {str(version): read(HERE, version) for version in load_catalog().versions}


def file_of(folder: Path, version: SchemaVersion) -> Path:
    """Where the golden records of a version are."""
    return folder / f"{version}.jsonl"


def read(folder: Path, version: SchemaVersion) -> tuple[Golden, ...]:
    """The golden records of a version, none if it has no file. Raises ValueError for a line that is not one."""
    file = file_of(folder, version)
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return tuple(_golden(json.loads(line)) for line in lines)


def write(folder: Path, version: SchemaVersion, records: Iterable[Golden]) -> None:
    """Put the records into the version's file, and the file's digest beside it."""
    file = file_of(folder, version)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{record.line()}\n" for record in records), encoding="utf-8", newline="\n")
    kept = _digests(folder) | {str(version): _digest(file)}
    text = json.dumps(dict(sorted(kept.items())), indent=2)
    (folder / DIGESTS).write_text(f"{text}\n", encoding="utf-8", newline="\n")


def complaints(folder: Path, versions: Iterable[SchemaVersion]) -> Iterator[str]:
    """What is missing, changed or too much, a sentence each."""
    digests, wanted = _digests(folder), {str(version): version for version in versions}
    for name, version in wanted.items():
        if not read(folder, version):
            yield f"{name} has no golden records: run `python -m contracts_tests.golden.write`"
        elif digests.get(name) != _digest(file_of(folder, version)):
            yield f"{name}: its records are not those of {DIGESTS}"
        names = [record.name for record in read(folder, version)]
        yield from (f"{name}: two records are named {one!r}" for one in sorted(set(names)) if names.count(one) > 1)
        yield from (f"{name}: {one.name!r} was not written by Java" for one in read(folder, version) if not one.body)
    found = {file.relative_to(folder).with_suffix("").as_posix() for file in folder.glob("*/*/*.jsonl")}
    yield from (f"{name} is no version of the catalog" for name in sorted((found | digests.keys()) - wanted.keys()))


def merged(
    stored: Iterable[Golden], wanted: Iterable[tuple[str, dict[str, Any]]], overwrite: bool = False
) -> list[Golden]:
    """The stored records and the wanted ones whose name is new, without bytes.

    `overwrite` gives wanted values to stored records of their name as well.
    """
    result = {record.name: record for record in stored}
    for name, value in wanted:
        if name not in result or (overwrite and result[name].value != value):
            result[name] = Golden(name, value)
    return list(result.values())


def _golden(line: dict[str, Any]) -> Golden:
    if not line.keys() <= {"name", "value", "bytes"}:
        raise ValueError(f"a golden record has a name, a value and bytes, not {sorted(line)}")
    return Golden(line["name"], line["value"], bytes.fromhex(line.get("bytes", "")))


def _digests(folder: Path) -> dict[str, Any]:
    file = folder / DIGESTS
    digests: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return digests


def _digest(file: Path) -> dict[str, Any]:
    content = file.read_bytes()
    return {"records": content.count(b"\n"), "sha256": hashlib.sha256(content).hexdigest()}
