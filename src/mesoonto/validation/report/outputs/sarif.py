"""The report as SARIF 2.1.0 (OASIS Standard, 27 March 2020), which code scanning understands."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mesoonto import __version__
from mesoonto.namespaces import MESO
from mesoonto.validation.report.findings import Finding, Report, Severity
from mesoonto.validation.report.outputs import Style, shown

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: Where it is told what findings, doubts and errors are.
_HELP = MESO
_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_Object = dict[str, Any]


def write(report: Report, style: Style) -> str:
    """One run with a rule for each shape and constraint, and a result for each finding."""
    rules: dict[str, _Object] = {}
    numbers: dict[str, int] = {}
    results = []
    for finding in report.findings:
        identity = _rule_id(finding)
        numbers.setdefault(identity, len(numbers))
        if identity not in rules:
            rules[identity] = _rule(identity, finding)
        results.append(_result(identity, numbers[identity], finding, report.home))
    for doubt in report.doubts:
        identity = f"doubt/{doubt.kind}"
        numbers.setdefault(identity, len(numbers))
        rules.setdefault(identity, _about(identity, "A reason to distrust a validation that found nothing."))
        level = ("error" if style.strict else "warning") if doubt.grave else "note"
        text = f"{doubt.subject}: {doubt.message}."
        place = (doubt.file or report.home, doubt.line, doubt.column)
        results.append(_result_object(identity, numbers[identity], level, text, place))
    for error in report.errors:
        identity = "not-read"
        numbers.setdefault(identity, len(numbers))
        rules.setdefault(
            identity, _about(identity, "A file that cannot be read, or shapes that cannot be used.")
        )
        found = error.place
        place = (found.source, found.line or 0, found.column or 0) if found else (report.home, 0, 0)
        results.append(_result_object(identity, numbers[identity], "error", f"{error.message}.", place))
    driver = {"name": "mesoonto validate", "version": __version__, "informationUri": MESO}
    run = {
        "tool": {"driver": driver | {"rules": list(rules.values())}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, style)],
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _invocation(report: Report, style: Style) -> _Object:
    code = 2 if report.errors else int(style.failed(report))
    found: _Object = {"executionSuccessful": not report.errors, "exitCode": code}
    if report.errors:
        found["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": str(error)}} for error in report.errors
        ]
    return found


def _about(identity: str, text: str) -> _Object:
    return {
        "id": identity,
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
    name = f"{finding.shape_label}: " if finding.shape_label else ""
    asked = f" Expected {finding.expected}." if finding.expected else ""
    text = f"{name}{finding.message}.{asked} Shape {shown(finding.shape)}, {finding.component}."
    rule = _about(identity, finding.message) | {
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


def _result(identity: str, index: int, finding: Finding, home: str) -> _Object:
    found = f" Found: {shown(finding.value)}." if finding.value else ""
    because = f" Because {'; '.join(finding.because)}." if finding.because else ""
    mend = f" {finding.suggestion[:1].upper()}{finding.suggestion[1:]}." if finding.suggestion else ""
    result: _Object = {
        "ruleId": identity,
        "ruleIndex": index,
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
