"""``mesoonto import``."""

from __future__ import annotations

from pathlib import Path

import click

#: Broken rows that are told one by one.
_TOLD = 20


@click.command(name="import")
@click.argument("form", metavar="FORMAT")
@click.argument("table", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Write to this file, whole or not at all; default or - standard output.",
)
@click.option(
    "--losses",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what could not be kept to this file: row or record, field and reason, by tabs.",
)
def import_(form: str, table: Path, output: Path | None, losses: Path | None) -> None:
    """Read FILE, another resource's records, as records in Turtle that somebody has to check.

    \b
    mesoonto import civic nightly-AcceptedClinicalEvidenceSummaries.tsv -o civic.ttl --losses lost.tsv

    FORMAT is civic: CIViC's table of evidence; rows on malignant mesothelioma, prognostic and predictive,
    become evidence statements. What a row does not say is left out; mesoonto validate then asks for it. Ends
    with 1 when rows are broken; they are told with line and field, and the others are written.
    """
    from mesoonto.dataset import kept
    from mesoonto.exchange import civic_reading, formats
    from mesoonto.files.replacing import replacing
    from mesoonto.views.facts import Facts

    formats.readable(form)
    imported = civic_reading.read(Facts(kept.engine().store), table)
    if losses is not None:
        with replacing(losses) as partial:
            partial.write_text(formats.loss_table(imported.losses), encoding="utf-8")
    if output is None or str(output) == "-":
        click.echo(imported.turtle, nl=False)
    else:
        with replacing(output) as partial:
            partial.write_text(imported.turtle, encoding="utf-8")
    for problem in imported.problems[:_TOLD]:
        click.echo(f"{problem.place}: {problem.message}", err=True)
    if len(imported.problems) > _TOLD:
        click.echo(f"and {len(imported.problems) - _TOLD} broken rows more", err=True)
    rows = imported.number + imported.left_out
    click.echo(formats.summary(rows, imported.losses, "unbroken rows"), err=True)
    raise SystemExit(1 if imported.problems else 0)
