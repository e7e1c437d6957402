"""The offline check: catalog, JSON Schemas, derived files and examples agree. No registry is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avrogate.errors import AvrogateError, InvalidEvent
from schemas.catalog import Catalog, load_catalog
from schemas.contract import compile_contract
from schemas.derived import derive_all
from schemas.register import check_twins
from schemas.validate import parse, validator
from schemas.versions import SchemaVersion


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a stable rule id, where, and one sentence."""

    rule: str
    where: str
    message: str


@dataclass(frozen=True)
class Report:
    """What was looked at and what was found."""

    schemas: int
    examples: int
    findings: tuple[Finding, ...]


def check_folder(folder: Path) -> Report:
    """Check a schema folder. Findings do not raise; a folder that cannot be read at all does (AvrogateError)."""
    findings = [
        Finding("drift", "/".join(file.avro_file.parts[-3:]), f"the derived file is {file.state}")
        for file in derive_all(folder)
        if file.state != "unchanged"
    ]
    catalog = load_catalog(folder)
    if findings:
        return Report(len(catalog.versions), 0, tuple(findings))
    try:
        check_twins(catalog)
    except AvrogateError as error:
        findings.append(Finding("missing-twin", "catalog.yaml", error.message))
    examples = 0
    for version in catalog.versions:
        files = example_files(catalog, version)
        examples += len(files)
        findings += _check_examples(version, files)
    return Report(len(catalog.versions), examples, tuple(findings))


def example_files(catalog: Catalog, version: SchemaVersion) -> list[Path]:
    """The examples that a version must agree with: all of the event's, for its newest version."""
    if catalog.newest(version.topic, version.event) != version:
        return []
    folder = version.folder / "examples" / version.stage / version.event
    return sorted(folder.glob("valid/*.json")) + sorted(folder.glob("invalid/*.json"))


def _check_examples(version: SchemaVersion, files: list[Path]) -> Iterator[Finding]:
    for kind in ("valid", "invalid"):
        if files and not any(file.parent.name == kind for file in files):
            yield Finding("no-example", str(version), f"there is no {kind} example")
    for file in files:
        where = "/".join(file.parts[-4:])
        wanted = file.parent.name == "valid"
        event = parse(file.read_text(encoding="utf-8"))
        by_schema, by_contract = _schema_says(version, event), _contract_says(version, event)
        for judge, why in (("JSON Schema", by_schema), ("the encoder", by_contract)):
            if wanted and why:
                yield Finding("example-refused", where, f"{judge} refuses a valid example: {why}")
            if not wanted and not why:
                yield Finding("example-accepted", where, f"{judge} accepts an invalid example")


def _schema_says(version: SchemaVersion, event: Any) -> str | None:
    error = next(iter(validator(version.json_file).iter_errors(event)), None)
    return error.message if error else None


def _contract_says(version: SchemaVersion, event: Any) -> str | None:
    try:
        compile_contract(version.resolved).to_record(event)
    except InvalidEvent as error:
        return error.message
    return None
