"""The offline check: catalog, JSON Schemas, derived files and examples agree. No registry is asked.

Examples lie in `examples/<stage>/<event>/<kind>/`, one event a file, and are held to the event's newest version:

valid      JSON Schema and the encoder accept it
invalid    both refuse it
stricter   JSON Schema accepts it and the encoder refuses it, for one of the reasons in `STRICTER`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avrogate.errors import AvrogateError, InvalidEvent
from schemas.catalog import Catalog, load_catalog
from schemas.contract import Contract, compile_contract
from schemas.derive import STRICTER
from schemas.derived import derive_all
from schemas.plan import check_twins
from schemas.validate import parse, validator
from schemas.versions import SchemaVersion

KINDS = ("valid", "invalid", "stricter")
NEEDED = ("valid", "invalid")

# what to do about each rule's finding
ADVICE = {
    "drift": "run `avrogate schemas derive` and commit the result",
    "missing-twin": "add the enriched schema of the same number, or take the raw one back before it is registered",
    "no-key-field": "name a field that every version of the event has",
    "stray-example": "move it there, or remove it",
    "no-example": "add one: a schema without both kinds is held to nothing",
    "example-unreadable": "write one JSON value in UTF-8",
    "example-refused": "correct the example; or the schema, if the example is right",
    "example-accepted": "correct the example; or the schema, if the example is right",
    "stricter-than-said": "move it to `invalid`, or derive the reason into the loss report",
}

Judge = Callable[[Any], str | None]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a stable rule id, where, and one sentence."""

    rule: str
    where: str
    message: str

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.rule]


@dataclass(frozen=True)
class Report:
    """What was looked at and what was found."""

    catalog: Catalog
    examples: int
    findings: tuple[Finding, ...]

    @property
    def schemas(self) -> int:
        """How many schemas there are."""
        return len(self.catalog.versions)


def check_folder(folder: Path) -> Report:
    """Check a schema folder. Findings do not raise; a folder that cannot be read at all does (AvrogateError)."""
    findings = [
        Finding("drift", "/".join(file.avro_file.parts[-3:]), f"the derived file is {file.state}")
        for file in derive_all(folder)
        if file.state != "unchanged"
    ]
    catalog = load_catalog(folder)
    if findings:
        return Report(catalog, 0, tuple(findings))
    try:
        check_twins(catalog)
    except AvrogateError as error:
        findings.append(Finding("missing-twin", "catalog.yaml", error.message))
    findings += _check_keys(catalog)
    findings += _check_places(catalog)
    examples = 0
    for version in catalog.versions:
        files = example_files(catalog, version)
        examples += len(files)
        if catalog.newest(version.topic, version.event) == version:
            findings += check_examples(version, files)
    return Report(catalog, examples, tuple(findings))


def example_files(catalog: Catalog, version: SchemaVersion) -> list[Path]:
    """The examples that a version must agree with: all of the event's, for its newest version."""
    if catalog.newest(version.topic, version.event) != version:
        return []
    folder = version.folder / "examples" / version.stage / version.event
    return [file for kind in KINDS for file in sorted(folder.glob(f"{kind}/*.json"))]


def _check_keys(catalog: Catalog) -> Iterator[Finding]:
    """The field that is the record's key must be in every version."""
    for version in catalog.versions:
        entry = catalog.topics[version.topic].events.get(version.event)
        if entry and version.field_of(entry.key) is None:
            yield Finding("no-key-field", str(version), f"catalog.yaml makes {entry.key!r} the key; it is no field")


def _check_places(catalog: Catalog) -> Iterator[Finding]:
    """An example that no version is held to would prove nothing."""
    known = {file for version in catalog.versions for file in example_files(catalog, version)}
    for file in sorted((catalog.folder / "examples").rglob("*")):
        if file.is_file() and file not in known:
            yield Finding(
                "stray-example",
                "/".join(file.relative_to(catalog.folder).parts),
                f"examples lie in examples/<stage>/<event>/<{'|'.join(KINDS)}>/<name>.json",
            )


def check_examples(version: SchemaVersion, files: list[Path]) -> Iterator[Finding]:
    """Hold a version's JSON Schema and its encoder to examples, as files."""
    for kind in NEEDED:
        if not any(file.parent.name == kind for file in files):
            yield Finding("no-example", str(version), f"there is no {kind} example")
    judge = _schema_judge(version), compile_contract(version.resolved)
    for file in files:
        where = "/".join(file.parts[-4:])
        try:
            event = parse(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            yield Finding("example-unreadable", where, f"is not JSON in UTF-8: {error}")
            continue
        yield from _verdicts(file.parent.name, where, event, *judge)


def _verdicts(kind: str, where: str, event: Any, by_schema: Judge, contract: Contract) -> Iterator[Finding]:
    schema_says, refusal = by_schema(event), _refusal(contract, event)
    wanted = {"JSON Schema": kind != "invalid", "the encoder": kind == "valid"}
    said = {"JSON Schema": schema_says, "the encoder": refusal and refusal.message}
    for judge, accepts in wanted.items():
        why = said[judge]
        if accepts and why:
            yield Finding("example-refused", where, f"{judge} refuses a {kind} example: {why}")
        if not accepts and not why:
            yield Finding("example-accepted", where, f"{judge} accepts a {kind} example")
    if kind == "stricter" and refusal and refusal.reason not in STRICTER:
        yield Finding(
            "stricter-than-said", where, f"the encoder may not refuse for {refusal.reason}: {refusal.message}"
        )


def _schema_judge(version: SchemaVersion) -> Judge:
    schema = validator(version.json_file)

    def judge(event: Any) -> str | None:
        error = next(iter(schema.iter_errors(event)), None)
        return error.message if error else None

    return judge


def _refusal(contract: Contract, event: Any) -> InvalidEvent | None:
    try:
        contract.to_record(event)
    except InvalidEvent as error:
        return error
    return None
