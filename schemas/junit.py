"""Findings as JUnit XML, which CI servers show beside the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from schemas.compatibility import Finding

_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(findings: Sequence[Finding], subjects: Iterable[str]) -> str:
    """One test case for each subject without a finding, and a failed one for each finding."""
    blamed = {finding.subject for finding in findings}
    fine = [subject for subject in subjects if subject not in blamed]
    totals = {"tests": str(len(fine) + len(findings)), "failures": str(len(findings)), "errors": "0"}
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "avrogate schemas check", **totals})
    for subject in fine:
        ElementTree.SubElement(suite, "testcase", {"classname": _legal(subject), "name": "compatible"})
    for one in findings:
        name = " ".join(part for part in (one.rule, one.versions, one.pointer) if part)
        case = ElementTree.SubElement(suite, "testcase", {"classname": _legal(one.subject), "name": _legal(name)})
        failure = ElementTree.SubElement(case, "failure", {"type": one.rule, "message": _legal(one.message)})
        failure.text = _legal(one.advice)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _legal(text: str) -> str:
    return _ILLEGAL.sub("�", text)
