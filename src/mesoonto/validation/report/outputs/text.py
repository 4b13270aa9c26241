"""The report for people at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mesoonto.validation.report.findings import Doubt, Finding, Report, Severity
from mesoonto.validation.report.outputs import Style, capped, cause, shown, verdict

_COLOURS = {Severity.VIOLATION: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_WIDTH = 160


def write(report: Report, style: Style) -> str:
    """The findings by cause, each with its place and the line as it stands in the file."""
    lines: list[str] = []
    for group in report.groups():
        if group[0].severity is Severity.VIOLATION or style.warnings:
            lines += _group(group, style)
    if not style.warnings:
        lines += _counts(report, style)
    for kind, doubts in report.doubts_by_kind().items():
        lines += _doubts(kind, doubts, style)
    lines.append(_paint(verdict(report, style), "31" if style.failed(report) else "32", style))
    return "\n".join(lines) + "\n"


def _group(group: tuple[Finding, ...], style: Style) -> Iterator[str]:
    first = group[0]
    label = f" ({first.shape_label})" if first.shape_label else ""
    severity = _paint(first.severity.value.lower(), _COLOURS[first.severity], style)
    wordings = len({finding.message for finding in group})
    more = f" (and {wordings - 1} more wordings)" if wordings > 1 else ""
    yield f"{severity}: {cause(group)}{more}"
    times = f", {len(group)} times" if len(group) > 1 else ""
    yield f"  shape {shown(first.shape)}{label}{times}"
    if first.expected not in first.message:
        yield f"  expected {first.expected}"
    listed, left = capped(group, style.limit)
    for finding, number in Counter(group[:listed]).items():
        yield from _finding(finding, style, number)
        if wordings > 1:
            yield f"          {_cut(finding.message)}"
    if left:
        yield f"  ... and {left} more; list them with --limit 0"
    yield ""


def _doubts(kind: str, doubts: tuple[Doubt, ...], style: Style) -> Iterator[str]:
    word = _paint("doubt" if doubts[0].grave else "note", "35", style)
    listed, left = style.listed_doubts(doubts)
    for doubt in listed:
        place = ":".join(str(part) for part in (doubt.file, doubt.line, doubt.column) if part)
        where = f"{place}: " if doubt.line else ""
        yield f"{word}: {where}{doubt.subject}: {doubt.message} ({kind})"
    if left:
        yield f"  ... and {left} more; list them with --limit 0, or leave them out with --ignore {kind}"


def _finding(finding: Finding, style: Style, number: int) -> Iterator[str]:
    """One finding in its lines; *number* results that look alike are told once."""
    where = f"{shown(finding.path)}: " if finding.path else ""
    found = (
        f" (found: {_cut(shown(finding.value))})" if finding.value and finding.value != finding.focus else ""
    )
    place = _paint(f"{place_of(finding)}:", "1", style)
    lacking = "nothing found" if finding.component.startswith(("MinCount", "HasValue")) else ""
    line = f"  {place} {shown(finding.record)}: {where}{found.strip() or lacking}".rstrip(": ")
    yield line if number == 1 else f"{line} ({number} results)"
    if finding.source:
        margin = f"{finding.line:>7} | "
        text, column = _window(finding.source, finding.column)
        yield f"{margin}{text}"
        caret = _paint("^", _COLOURS[finding.severity], style)
        yield f"{' ' * (len(margin) - 2)}| {' ' * (column - 1)}{caret}"
    for reason in finding.because:
        yield f"          because {_cut(reason)}"
    if finding.suggestion:
        yield f"          {_paint('mend', '32', style)}: {finding.suggestion}"


def place_of(finding: Finding) -> str:
    """File, line and column, as far as they are known."""
    parts = [finding.file or "(no file)"]
    if finding.line:
        parts += [str(finding.line), str(finding.column)]
    return ":".join(parts)


def _window(text: str, column: int) -> tuple[str, int]:
    """The part of a long line around *column*, and the column in it."""
    text = text.replace("\t", " ")
    if len(text) <= _WIDTH:
        return text, column
    start = max(0, min(column - 1 - _WIDTH // 2, len(text) - _WIDTH))
    return text[start : start + _WIDTH], column - start


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]}..."


def _counts(report: Report, style: Style) -> Iterator[str]:
    for group in report.groups():
        if group[0].severity is not Severity.VIOLATION:
            severity = _paint(group[0].severity.value.lower(), _COLOURS[group[0].severity], style)
            wordings = len({finding.message for finding in group})
            more = f" (and {wordings - 1} more wordings)" if wordings > 1 else ""
            yield f"{severity} ({len(group)} times; list them with --warnings): {cause(group)}{more}"


def _paint(text: str, code: str, style: Style) -> str:
    return f"\033[{code}m{text}\033[0m" if style.colour else text
