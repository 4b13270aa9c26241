"""The report for programs: JSON, JUnit XML, annotations of GitHub, and RDF."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from xml.etree import ElementTree

from mesoonto import __version__
from mesoonto.errors import MesoontoError
from mesoonto.namespaces import PREFIXES
from mesoonto.validation.report.findings import ORDER, Doubt, Finding, Report, Severity
from mesoonto.validation.report.outputs import Style, capped, cause, shown, verdict
from mesoonto.validation.report.outputs.text import place_of
from mesoonto.validation.report.results import as_json_ld

_COMMANDS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}

#: Characters that XML 1.0 cannot hold (section 2.2).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(report: Report, style: Style) -> str:
    """Every finding with all its fields, nothing left out; one finding a line."""
    names = [field.name for field in fields(Finding)]
    findings = [
        {name: getattr(finding, name) for name in names} | {"severity": finding.severity.value}
        for finding in report.findings
    ]
    document: dict[str, object] = {
        "tool": "mesoonto",
        "version": __version__,
        "conforms": report.conforms,
        "failed": style.failed(report),
        "summary": verdict(report, style),
        "triples": report.triples,
        "shapes": report.shapes,
        "files": report.files,
        "prefixes": PREFIXES,
        "findings": findings,
        "omitted": [asdict(left) | {"severity": left.severity.value} for left in report.omitted],
        "doubts": [_doubt(doubt) for doubt in report.doubts],
        "errors": [_error(error) for error in report.errors],
        "evaluatedByPySHACL": [{"shape": shape, "reason": reason} for shape, reason in report.delegated],
    }
    if report.coverage.shapes:
        document["coverage"] = asdict(report.coverage)
    members = [f"  {json.dumps(name)}: {_json_lines(value)}" for name, value in document.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _doubt(doubt: Doubt) -> dict[str, object]:
    names = ("kind", "subject", "message", "grave", "file", "line", "column")
    return {name: getattr(doubt, name) for name in names}


def _error(error: MesoontoError) -> dict[str, object]:
    place = error.place
    found: dict[str, object] = (
        {"file": place.source, "line": place.line, "column": place.column} if place else {}
    )
    return found | {"message": error.message}


def _json_lines(value: object) -> str:
    """*value* in JSON, the items of a list each on a line of its own."""
    if not isinstance(value, list) or not value:
        return json.dumps(value, ensure_ascii=False)
    return "[\n    " + ",\n    ".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n  ]"


def as_junit(report: Report, style: Style) -> str:
    """One suite for each cause, one failing case for each finding that counts, and one case for the run."""
    failing = ORDER[: ORDER.index(style.threshold) + 1]
    root = ElementTree.Element("testsuites", name="mesoonto validate")
    failures = cases = 0
    for group in report.groups():
        suite = ElementTree.SubElement(root, "testsuite", name=_xml(shown(group[0].shape)))
        bad = group[0].severity in failing
        suite.set("tests", str(len(group)))
        suite.set("failures", str(len(group) if bad else 0))
        cases += len(group)
        failures += len(group) if bad else 0
        for finding in group:
            case = _case(suite, finding)
            if bad:
                failure = ElementTree.SubElement(case, "failure", type=finding.component)
                failure.set("message", _xml(finding.message))
                failure.text = _xml(_sentence(finding))
            else:
                ElementTree.SubElement(case, "system-out").text = _xml(_sentence(finding))
    last = ElementTree.SubElement(root, "testsuite", name="run", tests="1")
    case = ElementTree.SubElement(last, "testcase", name=_xml(verdict(report, style)), classname="mesoonto")
    cases += 1
    grave = [doubt for doubt in report.doubts if doubt.grave]
    if style.strict and grave:
        failure = ElementTree.SubElement(case, "failure", type="doubt", message=f"{len(grave)} doubts")
        failure.text = _xml("\n".join(f"{doubt.subject}: {doubt.message}" for doubt in grave))
        failures += 1
        last.set("failures", "1")
    for error in report.errors:
        place = error.place
        broken = ElementTree.SubElement(
            last, "testcase", name=_xml(str(place or "run")), classname="mesoonto"
        )
        if place is not None:
            broken.set("file", _xml(place.source))
            broken.set("line", str(place.line or 1))
        ElementTree.SubElement(broken, "error", type=type(error).__name__, message=_xml(error.message))
        cases += 1
    if report.errors:
        last.set("tests", str(1 + len(report.errors)))
        last.set("errors", str(len(report.errors)))
        root.set("errors", str(len(report.errors)))
    root.set("tests", str(cases))
    root.set("failures", str(failures))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, finding: Finding) -> ElementTree.Element:
    case = ElementTree.SubElement(suite, "testcase", classname=_xml(shown(finding.shape)))
    case.set("name", _xml(f"{shown(finding.record)} {shown(finding.path)}".strip()))
    if finding.file:
        case.set("file", _xml(finding.file))
    if finding.line:
        case.set("line", str(finding.line))
    return case


def _sentence(finding: Finding) -> str:
    parts = [f"{place_of(finding)}: {shown(finding.record)}: {finding.message}"]
    parts += [f"found: {shown(finding.value)}"] if finding.value else []
    parts += [f"expected: {finding.expected}"] if finding.expected else []
    parts += [f"because: {reason}" for reason in finding.because]
    parts += [f"mend: {finding.suggestion}"] if finding.suggestion else []
    return "\n".join(parts)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def as_github(report: Report, style: Style) -> str:
    """Workflow commands that GitHub shows beside the lines of a pull request, capped by cause."""
    lines = []
    for group in report.groups():
        listed, left = capped(group, style.limit)
        for finding in group[:listed]:
            title = finding.shape_label or shown(finding.shape)
            place = (finding.file, finding.line, finding.column)
            lines.append(_command(_COMMANDS[finding.severity], *place, title, _annotation(finding)))
        if left:
            lines.append(f"::notice::{_data(f'{left} more findings of the same cause: {cause(group)}')}")
    for kind, doubts in report.doubts_by_kind().items():
        level = ("error" if style.strict else "warning") if doubts[0].grave else "notice"
        listed_doubts, left = style.listed_doubts(doubts)
        for doubt in listed_doubts:
            text = f"{doubt.subject}: {doubt.message}"
            lines.append(_command(level, doubt.file, doubt.line, doubt.column, kind, text))
        if left:
            lines.append(f"::notice::{_data(f'{left} more doubts of the kind {kind}')}")
    for error in report.errors:
        file, line, column = (
            (error.place.source, error.place.line, error.place.column) if error.place else ("", 0, 0)
        )
        lines.append(_command("error", file, line or 0, column or 0, "not read", error.message))
    lines.append(f"::notice::{_data(verdict(report, style))}")
    return "\n".join(lines) + "\n"


def _command(level: str, file: str, line: int, column: int, title: str, text: str) -> str:
    fields = {"file": file, "line": line, "col": column, "title": title}
    given = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items() if value)
    return f"::{level} {given}::{_data(text)}"


def _annotation(finding: Finding) -> str:
    where = f"{shown(finding.path)}: " if finding.path else ""
    found = f" (found: {shown(finding.value)})" if finding.value else ""
    mend = f"; {finding.suggestion}" if finding.suggestion else ""
    return f"{shown(finding.record)}: {where}{finding.message}{found}{mend}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_turtle(report: Report, style: Style) -> str:  # noqa: ARG001
    """The SHACL validation report in Turtle."""
    return report.turtle


def as_jsonld(report: Report, style: Style) -> str:  # noqa: ARG001
    """The SHACL validation report in JSON-LD."""
    return as_json_ld(report.results)
