"""Findings as text: for people, for programs, and for CI servers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from schemas.compatibility import Finding
from schemas.junit import junit

Format = Literal["table", "json", "junit"]


@dataclass(frozen=True)
class CheckReport:
    """What a check looked at, in one phrase and by subject, and what it found."""

    what: str
    subjects: tuple[str, ...]
    findings: tuple[Finding, ...]

    def text(self, form: Format) -> str:
        """The report: a paragraph for each finding (`table`), a JSON array, or JUnit XML."""
        if form == "json":
            return json.dumps([asdict(one) for one in self.findings], indent=2)
        if form == "junit":
            return junit(self.findings, self.subjects)
        text = "\n".join(_paragraphs(self.findings)) or f"{self.what}: no findings"
        return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair cannot be printed

    @property
    def verdict(self) -> str:
        """How many findings in what."""
        return f"{len(self.findings)} {'finding' if len(self.findings) == 1 else 'findings'} in {self.what}"


def _paragraphs(findings: Sequence[Finding]) -> Iterable[str]:
    for one in findings:
        place = " ".join(part for part in (one.subject, one.versions, one.pointer) if part)
        yield f"{one.rule}  {place}: {one.message}"
        if one.advice:
            yield f"    instead: {one.advice}"
