"""``mesoonto validate``."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mesoonto.validation.report import Finding, Report


@click.command()
@click.argument("data", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--shapes",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Shapes to check against, in place of the shipped ones; may be given several times.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "turtle"]),
    default="text",
    show_default=True,
    help="Findings for people, or the SHACL validation report.",
)
@click.option("--warnings", is_flag=True, help="List each warning, not only how many there are of a kind.")
def validate(data: tuple[Path, ...], shapes: tuple[Path, ...], form: str, warnings: bool) -> None:
    """Check the RDF files DATA against SHACL shapes.

    Without DATA the shipped ontology and records are checked, without --shapes the shipped shapes are used.
    Both may be yours: mesoonto validate --shapes my_shapes.ttl my_data.ttl

    \b
    Ends with 0 when the data conform (warnings allowed), 1 when they do not, and 2 when data or
    shapes cannot be used.
    """
    from mesoonto.validation.validate import validate as run

    report = run(data, shapes)
    if form == "turtle":
        click.echo(report.turtle, nl=False)
    else:
        click.echo("\n".join(_text(report, warnings)))
    raise SystemExit(0 if report.conforms else 1)


def _text(report: Report, list_warnings: bool) -> Iterator[str]:
    blocking = [finding for finding in report.findings if finding.blocking]
    others = [finding for finding in report.findings if not finding.blocking]
    yield from _by_record(report.findings if list_warnings else blocking)
    if not list_warnings:
        yield from _by_message(others)
    verdict = "conforms" if report.conforms else "does not conform"
    counts = f"{len(blocking)} violations, {len(others)} warnings"
    yield f"{verdict}: {counts}; {report.triples} triples, {report.shapes} shapes"


def _by_record(findings: Iterable[Finding]) -> Iterator[str]:
    from mesoonto.namespaces import compress

    for (_, record), group in groupby(findings, key=lambda finding: (finding.file, finding.record)):
        yield compress(record)
        for finding in group:
            yield f"  {_place(finding)} {_line(finding)}"


def _by_message(findings: Iterable[Finding]) -> Iterator[str]:
    def kind(finding: Finding) -> tuple[str, str]:
        return (finding.severity.value, finding.message)

    for (severity, message), group in groupby(sorted(findings, key=kind), key=kind):
        yield f"{severity.lower()} ({len(list(group))} times; list them with --warnings): {message}"


def _place(finding: Finding) -> str:
    return f"{finding.file}:{finding.line}:" if finding.line else f"{finding.file}:"


def _line(finding: Finding) -> str:
    from mesoonto.namespaces import compress

    where = "/".join(compress(step) for step in finding.path.split()) + ": " if finding.path else ""
    shown = finding.value and finding.value != finding.focus
    value = f" (found: {compress(finding.value)})" if shown else ""
    return f"{finding.severity.value.lower()}: {where}{finding.message}{value}"
