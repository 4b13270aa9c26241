"""The report as SARIF 2.1.0 (OASIS Standard, 27 March 2020), which code scanning understands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mesoonto import __version__
from mesoonto.namespaces import MESO
from mesoonto.validation.report.findings import ORDER, Finding, Report, Severity
from mesoonto.validation.report.outputs import Style, shown

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: Where it is told what findings, doubts and errors are.
_HELP = MESO
#: Results that code scanning takes of one run (docs.github.com, "SARIF results exceed one or more limits").
MOST = 25_000
_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_Object = dict[str, Any]


def write(report: Report, style: Style) -> str:
    """One run with a rule for each shape and constraint, and a result for each finding.

    Code scanning refuses a file with more than `MOST` results: errors, doubts and the gravest findings are
    kept, and a notification tells how many are not.
    """
    rules = _Rules()
    others = [*_doubts(report, style, rules), *_errors(report, rules)]
    findings = report.findings
    if len(findings) + len(others) > MOST:
        by_severity = sorted(findings, key=lambda finding: ORDER.index(finding.severity))
        kept = set(map(id, by_severity[: max(MOST - len(others), 0)]))
        findings = tuple(finding for finding in findings if id(finding) in kept)
    results = [_result(rules, finding, report.home) for finding in findings]
    left = len(report.findings) - len(findings) + sum(cause.number for cause in report.omitted)
    driver = {"name": "mesoonto validate", "version": __version__, "informationUri": MESO}
    run = {
        "tool": {"driver": driver | {"rules": rules.written()}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, style, left)],
        "results": [*results, *others[:MOST]],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


class _Rules:
    """The rules of a run, in the order in which results name them."""

    def __init__(self) -> None:
        self._rules: dict[str, _Object] = {}
        self._numbers: dict[str, int] = {}

    def number(self, identity: str, make: Callable[[], _Object]) -> int:
        """The place of the rule *identity*, which *make* makes when it is new."""
        if identity not in self._rules:
            self._numbers[identity] = len(self._rules)
            self._rules[identity] = make()
        return self._numbers[identity]

    def written(self) -> list[_Object]:
        """All of them."""
        return list(self._rules.values())


def _doubts(report: Report, style: Style, rules: _Rules) -> Iterator[_Object]:
    about = "A reason to distrust a validation that found nothing."
    for doubt in report.doubts:
        identity = f"doubt/{doubt.kind}"
        number = rules.number(identity, partial(_about, identity, _friendly(doubt.kind), about))
        level = ("error" if style.strict else "warning") if doubt.grave else "note"
        place = (doubt.file or report.home, doubt.line, doubt.column)
        yield _result_object(identity, number, level, f"{doubt.subject}: {doubt.message}.", place)


def _errors(report: Report, rules: _Rules) -> Iterator[_Object]:
    identity, about = "not-read", "A file that cannot be read, or shapes that cannot be used."
    for error in report.errors:
        number = rules.number(identity, partial(_about, identity, _friendly(identity), about))
        found = error.place
        place = (found.source, found.line or 0, found.column or 0) if found else (report.home, 0, 0)
        yield _result_object(identity, number, "error", f"{error.message}.", place)


def _friendly(name: str) -> str:
    """*name* as one word with capitals, as names of rules are written."""
    return "".join(part.capitalize() for part in name.split("-"))


def _invocation(report: Report, style: Style, left: int) -> _Object:
    code = 2 if report.errors else int(style.failed(report))
    found: _Object = {"executionSuccessful": not report.errors, "exitCode": code}
    told = [("error", str(error)) for error in report.errors]
    if left:
        told.append(("warning", f"{left} more findings are not in this file."))
    if told:
        found["toolExecutionNotifications"] = [
            {"level": level, "message": {"text": text}} for level, text in told
        ]
    return found


def _about(identity: str, name: str, text: str) -> _Object:
    return {
        "id": identity,
        "name": name,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": text},
        "helpUri": _HELP,
    }


def _result_object(identity: str, index: int, level: str, text: str, place: tuple[str, int, int]) -> _Object:
    digest = hashlib.sha256(f"{identity}\0{text}".encode()).hexdigest()[:32]
    return {
        "ruleId": identity,
        "ruleIndex": index,
        "level": level,
        "message": {"text": text},
        "partialFingerprints": {"finding/v1": digest},
        "locations": [{"physicalLocation": _physical(*place)}],
    }


def _rule_id(finding: Finding) -> str:
    return f"{shown(finding.shape)}/{finding.component.removesuffix('ConstraintComponent')}"


def _rule(identity: str, finding: Finding) -> _Object:
    component = finding.component.removesuffix("ConstraintComponent")
    name = f"{finding.shape_label}: " if finding.shape_label else ""
    asked = f" Expected {finding.expected}." if finding.expected else ""
    text = f"{name}{finding.message}.{asked} Shape {shown(finding.shape)}, {finding.component}."
    rule = _about(identity, component, finding.message) | {
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": _markdown(text)},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
    }
    if finding.shape_label:
        rule["properties"] = {"shape": finding.shape_label}
    if finding.shape.startswith(("http://", "https://")):
        rule["helpUri"] = finding.shape
    return rule


def _markdown(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in text)


def _result(rules: _Rules, finding: Finding, home: str) -> _Object:
    identity = _rule_id(finding)
    found = f" Found: {shown(finding.value)}." if finding.value else ""
    because = f" Because {'; '.join(finding.because)}." if finding.because else ""
    mend = f" {finding.suggestion[:1].upper()}{finding.suggestion[1:]}." if finding.suggestion else ""
    result: _Object = {
        "ruleId": identity,
        "ruleIndex": rules.number(identity, partial(_rule, identity, finding)),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{shown(finding.record)}: {finding.message}.{found}{because}{mend}"},
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
    }
    location: _Object = {"logicalLocations": [{"fullyQualifiedName": finding.focus}]}
    if finding.file or home:
        location["physicalLocation"] = _physical(finding.file or home, finding.line, finding.column)
        record = (finding.focus_file, finding.focus_line)
        if finding.focus_line and record != (finding.file, finding.line):
            about = _physical(finding.focus_file, finding.focus_line, finding.focus_column)
            related = {"physicalLocation": about, "message": {"text": "the record"}}
            result["relatedLocations"] = [related]
    result["locations"] = [location]
    return result


def _physical(file: str, line: int, column: int) -> _Object:
    place: _Object = {"artifactLocation": {"uri": _uri(file)}}
    # Code scanning shows nothing without a region; the first line stands for the file.
    place["region"] = {"startLine": line or 1, "startColumn": max(column, 1)}
    return place


def _uri(file: str) -> str:
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fingerprint(finding: Finding) -> str:
    """The same for the same finding after lines have moved."""
    parts = (finding.record, finding.path, finding.value, finding.shape, finding.component)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
