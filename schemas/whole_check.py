"""The whole offline check of a schema folder, as `avrogate schemas check` runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from avrogate.errors import CatalogError
from schemas.catalog import Catalog
from schemas.check import check_folder
from schemas.compatibility import Finding
from schemas.consumers import Consumer, broken, with_readers
from schemas.history import check_history
from schemas.reports import CheckReport

Consumers = Callable[[Catalog], Iterable[Consumer]]

# examples are held to the newest version: while that one may not be, what they say only repeats it
FOLLOW = {"example-refused", "example-accepted", "stricter-than-said"}


def nobody(catalog: Catalog) -> tuple[Consumer, ...]:
    """No consumers: schemas alone."""
    return ()


def catalog_report(folder: Path, against: str | None = None, consumers: Consumers = nobody) -> CheckReport:
    """Check a schema folder: catalog, derived files, examples, every version with all earlier ones, and who reads
    what of the newest.

    `consumers` gives the consumers of a catalog.
    """
    checked = check_folder(folder)
    catalog = checked.catalog
    findings = check_history(catalog, against)
    drifted = any(one.rule == "drift" for one in checked.findings)
    findings = findings if drifted else with_readers(findings, broken(catalog, consumers(catalog)))
    other = [one for one in checked.findings if not findings or one.rule not in FOLLOW]
    findings += [Finding(one.where, "", "", one.rule, "", one.message, one.advice) for one in other]
    what = f"{checked.schemas} schemas and {checked.examples} examples"
    return CheckReport(what, tuple(str(version) for version in catalog.versions), tuple(findings))


def require_no_findings(folder: Path, consumers: Consumers = nobody) -> None:
    """Raise CatalogError, which names the first finding, if the whole check of a schema folder has any."""
    report = catalog_report(folder, consumers=consumers)
    for finding in report.findings:
        raise CatalogError(
            f"{report.verdict}, the first: {finding.subject}: {finding.message}",
            hint="`avrogate schemas check` shows them all",
        )
