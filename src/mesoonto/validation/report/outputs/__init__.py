"""Writes a validation report for people, for machines and for continuous integration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mesoonto.validation.data.graph import shortened as shown
from mesoonto.validation.report.findings import Doubt, Finding, Report, Severity

__all__ = ["Output", "Style", "Writer", "capped", "outputs", "shown", "verdict"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a report is told."""

    limit: int = 20  #: findings of one cause that are listed; the rest is counted; 0 lists all
    strict: bool = False  #: whether doubts count as failures
    threshold: Severity = Severity.VIOLATION  #: the mildest severity that fails
    colour: bool = False
    warnings: bool = False  #: list each warning in the text for people, not only how many
    doubts: int = 5  #: doubts of one kind that are listed, when findings are limited at all

    def failed(self, report: Report) -> bool:
        """Whether the run fails."""
        doubtful = self.strict and any(doubt.grave for doubt in report.doubts)
        return bool(report.errors) or doubtful or report.fails(self.threshold)

    def listed_doubts(self, group: tuple[Doubt, ...]) -> tuple[tuple[Doubt, ...], int]:
        """Those of *group* to list, and how many are left out."""
        listed, left = capped(group, self.doubts if self.limit else 0)
        return group[:listed], left


Writer = Callable[[Report, Style], str]


@dataclass(frozen=True, slots=True)
class Output:
    """One way to write a report."""

    name: str
    media_type: str
    write: Writer
    about: str
    whole: bool = False  #: whether all findings are in it, however many are of one cause


def outputs() -> dict[str, Output]:
    """Every way to write a report, by its name."""
    from mesoonto.validation.report.outputs import machine, page, sarif, text

    found = [
        Output("text", "text/plain", text.write, "for people, with the source line"),
        Output("json", "application/json", machine.as_json, "every finding with all its fields", whole=True),
        Output("sarif", "application/sarif+json", sarif.write, "SARIF 2.1.0, for code scanning", whole=True),
        Output("junit", "application/xml", machine.as_junit, "JUnit XML, for test reports", whole=True),
        Output("github", "text/x-github-annotations", machine.as_github, "annotations of GitHub Actions"),
        Output("markdown", "text/markdown", page.as_markdown, "a summary for a pull request"),
        Output("html", "text/html", page.as_html, "one page that needs nothing else"),
        Output("turtle", "text/turtle", machine.as_turtle, "the SHACL validation report", whole=True),
        Output("jsonld", "application/ld+json", machine.as_jsonld, "the SHACL validation report", whole=True),
    ]
    return {output.name: output for output in found}


def verdict(report: Report, style: Style) -> str:
    """The result in one line."""
    counts = dict.fromkeys(Severity, 0)
    for finding in report.findings:
        counts[finding.severity] += 1
    for left in report.omitted:
        counts[left.severity] += left.number
    parts = [_count(counts[Severity.VIOLATION], "violation"), _count(counts[Severity.WARNING], "warning")]
    if counts[Severity.INFO]:
        parts.append(_count(counts[Severity.INFO], "remark"))
    if report.omitted:
        parts.append(f"{sum(left.number for left in report.omitted)} of these are not listed here")
    grave = sum(doubt.grave for doubt in report.doubts)
    if grave:
        parts.append(_count(grave, "doubt"))
    if len(report.doubts) > grave:
        parts.append(_count(len(report.doubts) - grave, "note"))
    if report.errors:
        parts.append(_count(len(report.errors), "error"))
        if not report.triples:
            return f"nothing was checked: {_count(len(report.errors), 'error')}"
    if report.conforms:
        word = "conforms, but fails" if style.failed(report) else "conforms"
    else:
        word = "does not conform" if style.failed(report) else "passes"
    size = f"{_count(report.triples, 'triple')}, {_count(report.shapes, 'shape')}"
    return f"{word}: {', '.join(parts)}; {size}"


def cause(group: tuple[Finding, ...]) -> str:
    """What the findings of *group* have in common, in one line: the words of the shape.

    Where the shape has none, as its property shapes are alike in words, the property is named before them.
    """
    first = group[0]
    generic = first.message in (f"expected {first.expected}", "does not conform")
    return f"{shown(first.path)}: {first.message}" if generic and first.path else first.message


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def capped(group: tuple[object, ...], limit: int) -> tuple[int, int]:
    """How many of *group* to list, and how many are left out."""
    listed = len(group) if not limit else min(limit, len(group))
    return listed, len(group) - listed
