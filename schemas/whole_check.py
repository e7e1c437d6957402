"""The whole offline check of a schema folder, as `avrogate schemas check` runs it."""

from __future__ import annotations

from pathlib import Path

from schemas.catalog import load_catalog
from schemas.check import check_folder
from schemas.compatibility import Finding
from schemas.history import check_history
from schemas.reports import CheckReport

# examples are held to the newest version: while that one may not be, what they say only repeats it
FOLLOW = {"example-refused", "example-accepted", "stricter-than-said"}


def catalog_report(folder: Path, against: str | None = None) -> CheckReport:
    """Check a schema folder: catalog, derived files, examples, and every version with all earlier ones."""
    checked, catalog = check_folder(folder), load_catalog(folder)
    findings = check_history(catalog, against)
    other = [one for one in checked.findings if not findings or one.rule not in FOLLOW]
    findings += [Finding(one.where, "", "", one.rule, "", one.message, "") for one in other]
    what = f"{checked.schemas} schemas and {checked.examples} examples"
    return CheckReport(what, tuple(str(version) for version in catalog.versions), tuple(findings))
