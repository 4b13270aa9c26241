"""The report as Markdown and as one HTML page that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from mesoonto import __version__
from mesoonto.validation.report.findings import Coverage, Finding, Report
from mesoonto.validation.report.outputs import Style, capped, cause, shown, verdict
from mesoonto.validation.report.outputs.text import place_of

_CSS = """
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; --mild: #8a5a00; --good: #1b6e3c; }
@media (prefers-color-scheme: dark) { :root { --bad: #f2948c; --mild: #e3b668; --good: #7fd4a0; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; line-height: 1.3; }
h2 { font-size: 1.05rem; margin: 2rem 0 .25rem; } .Violation { color: var(--bad); }
.Warning, .doubt { color: var(--mild); } .Info { color: inherit; } .good { color: var(--good); }
.about { margin: 0 0 .5rem; opacity: .8; font-size: .9rem; }
ol { padding: 0; list-style: none; } ol > li { border-top: 1px solid var(--line); padding: .5rem 0; }
ul { margin: .25rem 0; padding-left: 1.2rem; } a { color: inherit; }
pre { margin: .25rem 0; padding: .5rem; overflow-x: auto; background: #8881; border-radius: .3rem; }
code, pre { font: .85rem/1.4 ui-monospace, monospace; } mark { background: #f7c94866; color: inherit; }
table { border-collapse: collapse; }
td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
body, td.long { overflow-wrap: anywhere; }
td:not(.long), th { overflow-wrap: normal; } td code { overflow-wrap: anywhere; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
"""


#: The term that begins somewhere in a line: what the page marks.
_TERM = re.compile(r'"(?:[^"\\]|\\.)*"(?:@[\w-]+|\^\^\S*[^\s;,.])?|<[^>]*>|[^\s;,]*')


def as_markdown(report: Report, style: Style) -> str:
    """A table of causes, and the findings of each, capped."""
    mark = "❌" if style.failed(report) else "✅"
    lines = [f"## {mark} {_md(verdict(report, style))}", ""]
    groups = report.groups()
    if groups:
        lines += ["| severity | times | cause | shape |", "|---|---:|---|---|"]
        for group in groups:
            first = group[0]
            cells = [first.severity.value, str(len(group)), _md(cause(group)), f"`{shown(first.shape)}`"]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    for group in groups:
        lines += [f"<details><summary>{escape(cause(group))}</summary>", ""]
        listed, left = capped(group, style.limit)
        lines += [_md_finding(finding) for finding in group[:listed]]
        lines += [f"- ... and {left} more"] if left else []
        lines += ["", "</details>", ""]
    if report.errors:
        lines += ["### Not read", "", *(f"- {_md(str(error))}" for error in report.errors), ""]
    for kind, doubts in report.doubts_by_kind().items():
        listed_doubts, left = style.listed_doubts(doubts)
        lines += [f"### {'Doubts' if doubts[0].grave else 'Notes'}: {kind} ({len(doubts)})", ""]
        lines += [f"- {_md(d.subject)}: {_md(d.message)}" for d in listed_doubts]
        lines += [f"- ... and {left} more", ""] if left else [""]
    return "\n".join(lines)


def _md_finding(finding: Finding) -> str:
    found = f", found {_code(shown(finding.value))}" if finding.value else ""
    mend = f"; **{_md(finding.suggestion)}**" if finding.suggestion else ""
    path = f" {_code(shown(finding.path))}" if finding.path else ""
    because = f", because {_md('; '.join(finding.because))}" if finding.because else ""
    return f"- `{place_of(finding)}` {_code(shown(finding.record))}{path}{found}{because}{mend}"


def _code(text: str) -> str:
    line = " ".join(text.split())[:200]
    fence = "``" if "`" in line else "`"
    return f"{fence} {line} {fence}" if fence == "``" else f"`{line}`"


def _md(text: str) -> str:
    line = " ".join(text.split())
    for character in "\\`*_[]<>|":
        line = line.replace(character, f"\\{character}")
    return line


def as_html(report: Report, style: Style) -> str:
    """One page without scripts or outside files."""
    state = "Violation" if style.failed(report) else "good"
    body = [f'<h1 class="{state}">{escape(verdict(report, style))}</h1>']
    if len(report.groups()) > 1:
        body += _html_contents(report)
    body += _html_groups(report, style)
    if report.errors:
        rows = "".join(f"<li>{escape(str(error))}</li>" for error in report.errors)
        body.append(f'<h2 class="Violation">Not read</h2><ul>{rows}</ul>')
    for kind, doubts in report.doubts_by_kind().items():
        listed, left = style.listed_doubts(doubts)
        word = "Doubts" if doubts[0].grave else "Notes"
        body.append(f'<h2 class="doubt">{word}: {escape(kind)} ({len(doubts)})</h2><ul>')
        body += [f"<li>{escape(d.subject)}: {escape(d.message)}</li>" for d in listed]
        body.append(f"</ul>{f'<p>... and {left} more</p>' if left else ''}")
    if report.coverage.shapes:
        body += _html_coverage(report.coverage)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(verdict(report, style))}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + f'\n<p class="about">mesoonto {__version__}</p>\n</body>\n</html>\n'
    )


def _html_contents(report: Report) -> Iterator[str]:
    yield "<table><tr><th>severity</th><th>times</th><th>cause</th></tr>"
    for number, group in enumerate(report.groups()):
        severity = group[0].severity.value
        link = f'<a href="#cause{number}">{escape(cause(group))}</a>'
        yield f'<tr><td class="{severity}">{severity}</td><td class="n">{len(group)}</td>'
        yield f'<td class="long">{link}</td></tr>'
    yield "</table>"


def _html_groups(report: Report, style: Style) -> Iterator[str]:
    for number, group in enumerate(report.groups()):
        first = group[0]
        label = f" ({first.shape_label})" if first.shape_label else ""
        times = f", {len(group)} times" if len(group) > 1 else ""
        severity = first.severity.value
        head = f'<span class="{severity}">{severity}</span>: {escape(cause(group))}'
        yield f'<section id="cause{number}"><h2>{head}</h2>'
        about = f"shape {shown(first.shape)}{label}{times}"
        about += f"; expected {first.expected}" if first.expected not in first.message else ""
        yield f'<p class="about">{escape(about)}</p><ol>'
        listed, left = capped(group, style.limit)
        yield from (_html_finding(finding) for finding in group[:listed])
        yield f"</ol>{f'<p>... and {left} more</p>' if left else ''}</section>"


def _html_finding(finding: Finding) -> str:
    found = f" found <code>{escape(shown(finding.value)[:500])}</code>" if finding.value else ""
    path = f" <code>{escape(shown(finding.path))}</code>" if finding.path else ""
    mend = f'<strong class="good">{escape(finding.suggestion)}</strong>' if finding.suggestion else ""
    source = ""
    if finding.source:
        start = finding.column - 1
        end = _TERM.match(finding.source, start).end()  # type: ignore[union-attr]  # matches anything
        before, term, after = (
            escape(part) for part in (finding.source[:start], finding.source[start:end], finding.source[end:])
        )
        source = f"<pre>{finding.line:>5} | {before}<mark>{term}</mark>{after}</pre>"
    record = f"<code>{escape(shown(finding.record))}</code>"
    reasons = "".join(f"<li>because {escape(reason)}</li>" for reason in finding.because)
    because = f"<ul>{reasons}</ul>" if reasons else ""
    return f"<li>{escape(place_of(finding))} {record}{path}{found}{source}{because}{mend}</li>"


def _html_coverage(coverage: Coverage) -> Iterator[str]:
    yield "<h2>Coverage</h2>"
    yield f"<p>{coverage.nodes_seen} of {coverage.nodes} described nodes were looked at.</p>"
    yield "<table><tr><th>shape</th><th>focus nodes</th><th>evaluated by</th></tr>"
    for shape in coverage.shapes:
        yield (
            f'<tr><td class="long">{escape(shape.shape)}</td><td class="n">{shape.focus_nodes}</td>'
            f"<td>{escape(shape.engine)}</td></tr>"
        )
    yield "</table>"
