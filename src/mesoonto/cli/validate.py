"""``mesoonto validate``."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
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
def validate(data: tuple[Path, ...], shapes: tuple[Path, ...], form: str) -> None:
    """Check the RDF files DATA against SHACL shapes.

    Without DATA the shipped ontology and records are checked, without --shapes the shipped shapes are used.
    Both may be yours: mesoonto validate --shapes my_shapes.ttl my_data.ttl

    \b
    Ends with 0 when the data conform (warnings allowed), 1 when they do not, and 2 when data or
    shapes cannot be used.
    """
    from mesoonto.validation.validate import validate as run

    report = run(data, shapes)
    click.echo(report.turtle if form == "turtle" else _text(report), nl=form == "text")
    raise SystemExit(0 if report.conforms else 1)


def _text(report: Report) -> str:
    from mesoonto.namespaces import compress

    lines = []
    for (file, focus), group in groupby(report.findings, key=lambda finding: (finding.file, finding.focus)):
        lines.append(f"{file}: {compress(focus)}")
        lines += [f"    {_line(finding)}" for finding in group]
    blocking = sum(finding.blocking for finding in report.findings)
    others = len(report.findings) - blocking
    verdict = "conforms" if report.conforms else "does not conform"
    size = f"{report.triples} triples, {report.shapes} shapes"
    lines.append(f"{verdict}: {blocking} violations, {others} warnings; {size}")
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    from mesoonto.namespaces import compress

    path = "/".join(compress(step) for step in finding.path.split(" ")) if finding.path else ""
    value = f" (found: {compress(finding.value)})" if finding.value else ""
    where = f"{path}: " if path else ""
    return f"{finding.severity.value.lower()}: {where}{finding.message}{value}"
