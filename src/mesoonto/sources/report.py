"""The report of a check of sources as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

from mesoonto.namespaces import compress
from mesoonto.sources.findings import SEVERITIES, SourceFinding, SourcesReport


def as_text(report: SourcesReport) -> str:
    """One line a finding, beginning with file and line."""
    lines = [
        f"{f.place}: {f.severity}: {f.kind}: {_name(f)}: {f.message}{_values(f)}" for f in _ordered(report)
    ]
    return "\n".join([*lines, summary(report), ""])


def as_json(report: SourcesReport) -> str:
    """Everything, with the place as file and line."""
    findings = [
        {**asdict(f), "place": None, "file": f.place.source, "line": f.place.line} for f in _ordered(report)
    ]
    for finding in findings:
        del finding["place"]
    told = {"checked": report.checked, "findings": findings, "not_checked": report.errors}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def as_markdown(report: SourcesReport) -> str:
    """Tables by severity, for the summary of a job or an issue."""
    parts = ["# Records and their sources", "", summary(report), ""]
    for severity in SEVERITIES:
        found = [f for f in _ordered(report) if f.severity == severity]
        if found:
            parts += [f"## {severity}", "", "| where | what | recorded | found |", "|---|---|---|---|"]
            parts += [
                f"| {_cell(str(f.place))} | {_cell(f'{f.kind}: {f.message}')} | {_cell(f.recorded)} "
                f"| {_cell(f.found)} |"
                for f in found
            ]
            parts.append("")
    if report.errors:
        parts += ["## not checked", "", *(f"- {_cell(error)}" for error in report.errors), ""]
    return "\n".join(parts)


WRITERS: dict[str, Callable[[SourcesReport], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def summary(report: SourcesReport) -> str:
    """How much was checked and found, in one line."""
    counts = Counter(f.severity for f in report.findings)
    told = ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES)
    return f"{report.checked} records checked: {told}; {len(report.errors)} not answered"


def _ordered(report: SourcesReport) -> list[SourceFinding]:
    return sorted(
        report.findings, key=lambda f: (SEVERITIES.index(f.severity), f.place.source, f.place.line or 0)
    )


def _name(finding: SourceFinding) -> str:
    return compress(finding.record)


def _values(finding: SourceFinding) -> str:
    recorded = f" (recorded: {finding.recorded})" if finding.recorded else ""
    return f"{recorded} (found: {finding.found})" if finding.found else recorded


def _cell(text: str) -> str:
    """*text* as a cell of a table; what a source sent is no markup."""
    for character in "\\`*_[]<>|":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
